/** The same request of the SDK, addressed to a port of this machine. */
export function sentTo(request: unknown, port: number): unknown {
  return Object.assign(Object.create(Object.getPrototypeOf(request) as object) as object, request, {
    hostname: '127.0.0.1',
    port,
  });
}
