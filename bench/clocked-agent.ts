import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { chunkFrame } from '../src/local/event-stream.js';

/** An agent whose every chunk is the time at which it was written, by `performance.now()` of this process. */
export interface ClockedAgent {
  readonly endpoint: string;
  close(): void;
}

/** @param paceMs - between two chunks. */
export async function startClockedAgent(chunks: number, paceMs: number): Promise<ClockedAgent> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => void speak());
    async function speak(): Promise<void> {
      response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' }).flushHeaders();
      for (let number = 0; number < chunks && !response.destroyed; number += 1) {
        await wait(paceMs);
        response.write(chunkFrame({ bytes: Buffer.from(`${performance.now().toFixed(3)} `) }));
      }
      response.end();
    }
  });
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}
