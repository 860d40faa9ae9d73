import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { BedrockAgentRuntimeClient, InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { createApp } from '../src/app.js';
import { toAgentClientConfig } from '../src/chat/agent/aws/agent-connections.js';
import { type Environment, loadEnvironment } from '../src/config/environment.js';
import { AgentSettings } from '../src/config/agent-settings.js';

/** A message of this process: its port at the start, and its memory after each message of the parent. */
export type Report = { readonly port: number } | { readonly memory: Memory };

/** The memory in use, and the most resident memory so far, in bytes. */
export type Memory = NodeJS.MemoryUsage & { readonly peak: number };

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
  // In kilobytes.
  const peak = process.resourceUsage().maxRSS * 1024;
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(50);
  }
  return { ...process.memoryUsage(), peak };
}

async function createNamedServer(name: string | undefined): Promise<Server> {
  const environment = loadEnvironment(process.env);
  return name === 'bare' ? bareProxy(environment) : (await createApp(environment)).getHttpServer();
}

const report = (message: Report) => process.send?.(message);
const server = await createNamedServer(process.argv[2]);
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
// Sockets by path have small buffers. The system may buffer megabytes of a TCP connection.
const [, , , path] = process.argv;
if (path !== undefined) createSocketServer((socket) => server.emit('connection', socket)).listen(path, 4096);
process.on('message', () => void measureMemory().then((usage) => report({ memory: usage })));
process.once('disconnect', () => process.exit(0));
report({ port: (server.address() as AddressInfo).port });
