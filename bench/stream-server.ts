import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { InvokeAgentCommand } from '@aws-sdk/client-bedrock-agent-runtime';
import { createApp } from '../src/app.js';
import { createBedrockAgentRuntimeClient } from '../src/chat/agent/bedrock-agent/bedrock-agent-runtime.client.js';
import { type Environment, loadEnvironment } from '../src/config/environment.js';
import { AgentSettings } from '../src/config/settings.js';

/** What a process of this file says: once its port, then its memory as often as it is asked for it. */
export type Report = { readonly port: number } | { readonly memory: NodeJS.MemoryUsage };

/** The least that can be between a caller and the agent: no token, no table, no protocol. */
function bareProxy(environment: Environment): Server {
  const client = createBedrockAgentRuntimeClient(new AgentSettings(environment));
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

/** What is in use and not what nobody has cleared away yet. */
async function memory(): Promise<NodeJS.MemoryUsage> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(50);
  }
  return process.memoryUsage();
}

async function serverNamed(name: string | undefined): Promise<Server> {
  const environment = loadEnvironment(process.env);
  return name === 'bare' ? bareProxy(environment) : (await createApp(environment)).getHttpServer();
}

const report = (words: Report) => process.send?.(words);
const server = await serverNamed(process.argv[2]);
server.listen(0, '127.0.0.1', 4096);
await once(server, 'listening');
process.on('message', () => void memory().then((usage) => report({ memory: usage })));
process.once('disconnect', () => process.exit(0));
report({ port: (server.address() as AddressInfo).port });
