import { once } from 'node:events';
import { connect } from 'node:net';
import { expectDescribed } from './openapi/response-listener.js';

/** How long to wait for bytes, in milliseconds. */
const LONGEST_MILLISECONDS = 5_000;

/** Text to send after some text was read. */
interface Sequel {
  readonly after: string;
  readonly text: string;
}

/** Sends bytes that no HTTP client would send, and reads until the server hangs up. */
export async function sendRaw(url: string, text: string, sequel?: Sequel): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  let next = sequel;
  socket.setEncoding('utf8').on('data', (piece: string) => {
    answer += piece;
    if (next === undefined || !answer.includes(next.after)) return;
    socket.write(next.text);
    next = undefined;
  });
  // The server may hang up while we still send.
  socket.on('error', () => {});
  socket.write(text);
  socket.setTimeout(LONGEST_MILLISECONDS, () => socket.destroy());
  await once(socket, 'close');
  expectDescribedAnswer(text, answer);
  return answer;
}

/** Compares the only response to raw bytes with openapi.json. The bytes may be no request at all. */
function expectDescribedAnswer(request: string, answer: string): void {
  const [, method = '', url = ''] = /^(\w+) (\S+) HTTP/.exec(request) ?? [];
  const [head = '', body = ''] = answer.split(/\r\n\r\n(.*)/s);
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [/^[^:]*/.exec(line)?.[0].toLowerCase(), line.replace(/^[^:]*: */, '')]),
  );
  const isOnly = Number(headers['content-length']) === Buffer.byteLength(body);
  if (!isOnly) return;
  expectDescribed({ method, url, status: Number(statusLine.split(' ')[1]), headers, body });
}
