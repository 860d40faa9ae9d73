import { once } from 'node:events';
import { connect } from 'node:net';

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
  return answer;
}
