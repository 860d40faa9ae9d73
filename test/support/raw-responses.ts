import { expectDescribed } from './openapi/response-listener.js';

/** A body, and the bytes behind it. A string has one character for each byte. */
interface RawBody {
  readonly body: string;
  readonly rest: string;
}

/**
 * Compares every response in the bytes of a connection with openapi.json. The test fails later if one deviates. A
 * response without its end is compared as far as its head.
 *
 * @param sent - the requests. They may be no HTTP.
 * @returns whether the bytes are complete responses and nothing else.
 */
export function expectDescribedConnection(sent: string, received: Buffer): boolean {
  const requests = [...sent.matchAll(/^(\w+) (\S+) HTTP/gm)];
  let bytes = received.toString('latin1');
  while (bytes !== '') {
    const [, method = '', url = ''] = requests.shift() ?? [];
    const [head, status, fields] = /^HTTP\/1\.1 (\d{3})[^\r\n]*\r\n(.*?)\r\n\r\n/s.exec(bytes) ?? [];
    if (head === undefined || fields === undefined) return false;
    const lines = fields.split('\r\n').map((line) => /^([^:]*): *(.*)$/.exec(line) ?? []);
    const headers: Record<string, string> = Object.fromEntries(
      lines.map(([, name = '', value = '']) => [name.toLowerCase(), value]),
    );
    const hasBody = method !== 'HEAD' && status !== '204' && status !== '304';
    const read = readBody(hasBody ? headers : { 'content-length': '0' }, bytes.slice(head.length));
    const body = read && Buffer.from(read.body, 'latin1').toString();
    expectDescribed({ method, url, status: Number(status), headers, body });
    if (!read) return false;
    bytes = read.rest;
  }
  return true;
}

/** Reads a body as RFC 9112 has it, section 6.3. @returns undefined if its end is missing. */
function readBody(headers: Readonly<Record<string, string>>, bytes: string): RawBody | undefined {
  if (headers['transfer-encoding'] === 'chunked') return readChunks(bytes);
  // A body without a length ends with its connection.
  const length = Number(headers['content-length'] ?? bytes.length);
  return bytes.length < length ? undefined : { body: bytes.slice(0, length), rest: bytes.slice(length) };
}

function readChunks(bytes: string): RawBody | undefined {
  let body = '';
  let rest = bytes;
  for (;;) {
    const [line, size = ''] = /^([0-9a-f]+)\r\n/i.exec(rest) ?? [];
    if (line === undefined) return undefined;
    const end = line.length + Number.parseInt(size, 16);
    const chunk = rest.slice(line.length, end);
    if (rest.length < end + 2) return undefined;
    rest = rest.slice(end + 2);
    if (chunk === '') return { body, rest };
    body += chunk;
  }
}
