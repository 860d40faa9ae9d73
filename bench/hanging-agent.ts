import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildChunkFrame } from '../src/local/emulator/bedrock-agent/frames.js';

/** A call to the agent that lasts until the service ends it. */
export interface HangingCall {
  /** The body of the request, with the prompt. */
  readonly prompt: string;
  /** Resolves with the time at which the service has ended the call, in `performance.now()` of this process. */
  readonly ended: Promise<number>;
}

/** An agent that says one word and then nothing, unless the prompt is `reply`: then its reply ends at once. */
export interface HangingAgent {
  readonly endpoint: string;
  /** The oldest call with this prompt. It may not have come yet. */
  find(prompt: string): Promise<HangingCall>;
}

export async function startHangingAgent(): Promise<HangingAgent> {
  const calls: HangingCall[] = [];
  const server = createServer((request, response) => {
    let body = '';
    const ended = once(response, 'close').then(() => performance.now());
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.once('end', () => {
      const prompt = (JSON.parse(body) as { inputText?: string }).inputText ?? '';
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
      response.write(buildChunkFrame('word '));
      if (prompt === 'reply') response.end();
      calls.push({ prompt, ended });
      server.emit('call');
    });
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  const find = async (prompt: string): Promise<HangingCall> => {
    const found = calls.find((call) => call.prompt === prompt);
    if (found) return found;
    await once(server, 'call');
    return find(prompt);
  };
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, find };
}
