import { once } from 'node:events';
import { connect } from 'node:net';

/** Nobody waits longer for an end that does not come. */
const LONGEST_MILLISECONDS = 5_000;

/** Sends bytes that no HTTP client would send, and reads until the server hangs up. */
export async function sendRaw(url: string, text: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
  // The server may hang up while we still send.
  socket.on('error', () => {});
  socket.write(text);
  socket.setTimeout(LONGEST_MILLISECONDS, () => socket.destroy());
  await once(socket, 'close');
  return answer;
}
