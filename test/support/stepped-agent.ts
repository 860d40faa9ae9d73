import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { buildChunkFrame } from '../../src/local/emulator/bedrock-agent/frames.js';

/** An agent whose replies the test sends, piece by piece. */
export interface SteppedAgent {
  readonly endpoint: string;
  /** Writes a chunk to the oldest open invocation. Waits for an invocation if there is none. */
  say(text: string): Promise<void>;
  /** Ends that invocation. */
  end(): void;
  /** Closes its connection inside the reply. */
  tear(): void;
  close(): void;
}

/** Starts it on a free port of the loopback interface. */
export async function startSteppedAgent(): Promise<SteppedAgent> {
  const invocations: ServerResponse[] = [];
  const server = createServer((request, response) => void listen(request, response));
  async function listen(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { endSession } = (await json(request)) as { endSession?: boolean };
    response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).flushHeaders();
    // The session of a turn that was given up.
    if (endSession) return void response.end();
    invocations.push(response);
    response.once('close', () => {
      if (invocations.includes(response)) invocations.splice(invocations.indexOf(response), 1);
    });
    server.emit('invocation');
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say: async (text) => {
      if (invocations.length === 0) await once(server, 'invocation');
      const frame = buildChunkFrame(text);
      await new Promise<void>((resolve) => invocations[0]?.write(frame, () => resolve()));
    },
    end: () => void invocations.shift()?.end(),
    tear: () => void invocations.shift()?.destroy(),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
