import { NodeHttpHandler } from '@smithy/node-http-handler';

/** Far more than a reply takes on a busy machine, in milliseconds. */
const LONGER_TIMEOUT = 30_000;

// Loaded before the service in its own process. It replaces the timeouts of the table's client, which no test of a
// spawned server tests.
// oxlint-disable-next-line typescript/unbound-method -- Called on its handler below.
const { handle } = NodeHttpHandler.prototype;
const changed = new WeakSet();

NodeHttpHandler.prototype.handle = function (request, ...rest) {
  if (request.headers['x-amz-target']?.startsWith('DynamoDB') && !changed.has(this)) {
    changed.add(this);
    for (const name of ['connectionTimeout', 'requestTimeout', 'socketTimeout']) {
      this.updateHttpClientConfig(name, LONGER_TIMEOUT);
    }
  }
  return handle.call(this, request, ...rest);
};
