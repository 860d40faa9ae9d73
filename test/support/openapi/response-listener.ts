import { IncomingMessage } from 'node:http';
import type { SeenRequest } from './check-request.js';
import type { SeenResponse } from './check-response.js';

/** The services of this test file, by host and port, each with its base path. */
const services = new Map<string, string>();
let responses: SeenResponse[] = [];
let requests: SeenRequest[] = [];

/** Every response of a service at this URL is compared with openapi.json. @returns ends that. */
export function expectDescribedResponses(url: string, basePath = ''): () => void {
  const { host } = new URL(url);
  services.set(host, basePath);
  return () => services.delete(host);
}

/** Compares one response with openapi.json, after the test. */
export function expectDescribed(response: SeenResponse): void {
  responses.push(response);
}

/** Compares one request with openapi.json, after the test. */
export function expectDescribedRequest(request: SeenRequest): void {
  requests.push(request);
}

/** Lists the deviations of all responses, and of requests that were given, since the last call. */
export async function takeDeviations(): Promise<string[]> {
  const [taken, asked] = [responses, requests];
  [responses, requests] = [[], []];
  if (taken.length + asked.length === 0) return [];
  // Not before, because most specs beside the code send no request.
  const { listDeviations } = await import('./check-response.js');
  const { listRequestDeviations } = await import('./check-request.js');
  return [...new Set([...taken.flatMap(listDeviations), ...asked.flatMap(listRequestDeviations)])];
}

/**
 * Compares all responses that this process receives from its services. `node:http` and `fetch` are the clients of all
 * others, such as supertest and the AI SDK.
 *
 * @returns stops listening.
 */
export function listenForResponses(): () => void {
  const undo = [hearMessages(), hearFetch()];
  return () => undo.forEach((step) => step());
}

/** The request behind a response, which has no type. */
interface Answer extends IncomingMessage {
  readonly req?: { readonly method: string; readonly path: string };
}

function hearMessages(): () => void {
  // oxlint-disable-next-line typescript/unbound-method -- called on its message
  const { push } = IncomingMessage.prototype;
  const bodies = new WeakMap<IncomingMessage, Buffer[]>();
  IncomingMessage.prototype.push = function (this: Answer, chunk: unknown, encoding?: BufferEncoding): boolean {
    const { remoteAddress, remotePort } = this.socket ?? {};
    const isNew = this.req !== undefined && services.has(`${remoteAddress}:${remotePort}`) && !bodies.has(this);
    if (isNew) bodies.set(this, []);
    const body = bodies.get(this);
    if (chunk !== null) body?.push(Buffer.from(chunk as Buffer));
    else if (body) hearMessage(this, this.complete ? Buffer.concat(body).toString() : undefined);
    return push.call(this, chunk, encoding);
  };
  return () => (IncomingMessage.prototype.push = push);
}

function hearMessage({ req, socket, statusCode = 0, headers }: Answer, body: string | undefined): void {
  const url = toRoute(`${socket.remoteAddress}:${socket.remotePort}`, req?.path ?? '');
  expectDescribed({ method: req?.method ?? '', url, status: statusCode, headers, body });
}

/** The path without the base path of its service. */
function toRoute(host: string, path: string): string {
  const basePath = services.get(host) ?? '';
  return path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

function hearFetch(): () => void {
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const { host, pathname, search } = new URL(response.url);
    if (!services.has(host)) return response;
    const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
    return heard(response, { method, url: toRoute(host, `${pathname}${search}`) });
  };
  return () => (globalThis.fetch = fetch);
}

/** A copy of a response whose body is compared after it was read to its end. */
function heard(response: Response, request: Pick<SeenResponse, 'method' | 'url'>): Response {
  const { status, headers } = response;
  const seen = { ...request, status, headers: Object.fromEntries(headers) };
  const chunks: Uint8Array[] = [];
  const tap = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      chunks.push(chunk);
      controller.enqueue(chunk);
    },
    flush: () => expectDescribed({ ...seen, body: Buffer.concat(chunks).toString() }),
  });
  expectDescribed({ ...seen, body: response.body ? undefined : '' });
  const copy = new Response(response.body?.pipeThrough(tap) ?? null, response);
  return Object.defineProperty(copy, 'url', { value: response.url });
}
