import { types } from 'node:util';

/**
 * Runs before every test file. The SDK's credential chain finds these credentials and never asks the network.
 * The SDK's notice about old Node versions stays out of the output.
 */
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/**
 * Jest runs tests in a realm of their own. Errors that Node itself makes, such as a refused connection, are no instances
 * of that realm's `Error`. Here every native error is one, as it is outside Jest.
 */
const isInstance = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return isInstance.call(this as CallableFunction, value) || (this === Error && types.isNativeError(value));
  },
});
