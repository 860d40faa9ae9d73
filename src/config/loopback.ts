const LOOPBACK = /^(([^.]+\.)*localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/;

/** Whether a host, as in a URL or an address to listen on, is this machine alone. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}
