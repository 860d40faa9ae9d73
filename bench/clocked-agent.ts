import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { buildChunkFrame } from '../src/local/emulator/bedrock-agent/frames.js';

/** An agent whose chunks are the times at which it writes them, in `performance.now()` of this process. */
export interface ClockedAgent {
  readonly endpoint: string;
  /** Makes turns wait after their first chunk. */
  hold(): void;
  /** Lets the waiting turns continue one by one, within this many milliseconds. */
  release(overMs: number): Promise<void>;
  close(): void;
}

/** @param paceMs - milliseconds between two chunks. */
export async function startClockedAgent(chunks: number, paceMs: number): Promise<ClockedAgent> {
  let isHolding = false;
  let held: (() => void)[] = [];
  const server = createServer((request, response) => {
    request.resume().once('end', () => void sendChunks());
    async function sendChunks(): Promise<void> {
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).flushHeaders();
      for (let number = 0; number < chunks && !response.destroyed; number += 1) {
        await wait(paceMs);
        if (isHolding && number > 0) await new Promise<void>((resolve) => held.push(resolve));
        response.write(buildChunkFrame(`${performance.now().toFixed(3)} `));
      }
      response.end();
    }
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: () => {
      isHolding = true;
    },
    release: async (overMs) => {
      isHolding = false;
      const released = held;
      held = [];
      const start = performance.now();
      for (const [number, resume] of released.entries()) {
        await wait(start + (overMs * number) / released.length - performance.now());
        resume();
      }
    },
    close: () => server.close(),
  };
}
