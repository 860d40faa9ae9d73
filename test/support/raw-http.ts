import { once } from 'node:events';
import { connect } from 'node:net';
import { expectDescribedConnection } from './raw-responses.js';

/** How long to wait for bytes, in milliseconds. */
const LONGEST_MILLISECONDS = 5_000;

interface RawOptions {
  /** Text to send after some text was read. */
  readonly sequel?: { readonly after: string; readonly text: string };
  /** Whether the server hangs up before the end of its response. */
  readonly isCut?: boolean;
}

/**
 * Sends bytes that no HTTP client would send, and reads until the server hangs up.
 *
 * @throws Error when it has sent anything but complete responses, or nothing else with `isCut`.
 */
export async function sendRaw(url: string, text: string, { sequel, isCut = false }: RawOptions = {}): Promise<string> {
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
  const isComplete = expectDescribedConnection(text, Buffer.from(answer));
  if (isComplete === isCut) throw new Error(`The response is ${isCut ? '' : 'not '}complete: ${answer}`);
  return answer;
}
