import { types } from 'node:util';

/**
 * Runs before every test file: the SDK's own credential chain finds these and never asks the network,
 * and its notice about old Node versions stays out of the output.
 */
process.env['AWS_ACCESS_KEY_ID'] = 'test';
process.env['AWS_SECRET_ACCESS_KEY'] = 'test';
process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/**
 * Jest runs tests in a realm of their own, where errors made by Node itself (a refused connection, say) are no
 * instances of `Error`. Code under test meets them as it would outside of Jest: every native error is one.
 */
const isInstance = Function.prototype[Symbol.hasInstance];
Object.defineProperty(Error, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    return isInstance.call(this as CallableFunction, value) || (this === Error && types.isNativeError(value));
  },
});
