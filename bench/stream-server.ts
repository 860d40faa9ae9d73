import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { BedrockAgentRuntimeClient, InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { createApp } from '../src/app.js';
import { toAgentClientConfig } from '../src/chat/agent/aws/agent-connections.js';
import { type Environment, loadEnvironment } from '../src/config/environment.js';
import { AgentSettings } from '../src/config/agent-settings.js';

/** A message of this process: its port at the start, and what the parent asks for. */
export type Report = { readonly port: number } | { readonly memory: Memory } | { readonly sample: Sample };

/** The memory in use, and the most resident memory so far, in bytes. */
export type Memory = NodeJS.MemoryUsage & { readonly peak: number };

/** The memory as it is, and the lag of the event loop since the last sample, in milliseconds. */
export interface Sample {
  readonly memory: Memory;
  readonly lag: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number };
}

/** The lag is what a timer of this many milliseconds is late. */
const LAG_RESOLUTION = 10;
const lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION });

/** The smallest proxy in front of the agent, without token, table or protocol. */
function bareProxy(environment: Environment): Server {
  const { region, target } = new AgentSettings(environment);
  const client = new BedrockAgentRuntimeClient(toAgentClientConfig({ region, endpoint: target.endpoint }));
  return createServer((_, response) => {
    void (async () => {
      const agent = { agentId: 'A', agentAliasId: 'A', sessionId: 'bare' };
      const { completion = [] } = await client.send(new InvokeAgentCommand({ ...agent, inputText: 'hello' }));
      for await (const { chunk } of completion)
        response.write(`data: ${Buffer.from(chunk?.bytes ?? []).toString()}\n\n`);
      response.end();
    })();
  });
}

/** Measures the memory in use, after garbage collection. */
async function measureMemory(): Promise<Memory> {
  const { peak } = readMemory();
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(50);
  }
  return { ...process.memoryUsage(), peak };
}

function readMemory(): Memory {
  // In kilobytes.
  return { ...process.memoryUsage(), peak: process.resourceUsage().maxRSS * 1024 };
}

function takeSample(): Sample {
  const toLate = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION);
  const [p50 = 0, p95 = 0, p99 = 0] = [50, 95, 99].map((rank) => toLate(lag.percentile(rank)));
  const max = toLate(lag.max);
  lag.reset();
  return { memory: readMemory(), lag: { p50, p95, p99, max } };
}

async function createNamedServer(name: string | undefined): Promise<Server> {
  const environment = loadEnvironment(process.env);
  if (name === 'express') return (await import('./load/express-app.js')).createExpressServer(environment);
  return name === 'bare' ? bareProxy(environment) : (await createApp(environment)).getHttpServer();
}

const report = (message: Report) => process.send?.(message);
const server = await createNamedServer(process.argv[2]);
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
// Sockets by path have small buffers. The system may buffer megabytes of a TCP connection.
const [, , , path] = process.argv;
if (path !== undefined) createSocketServer((socket) => server.emit('connection', socket)).listen(path, 4096);
process.on('message', (asked) => {
  if (asked === 'sample') report({ sample: takeSample() });
  else void measureMemory().then((memory) => report({ memory }));
});
lag.enable();
process.once('disconnect', () => process.exit(0));
report({ port: (server.address() as AddressInfo).port });
