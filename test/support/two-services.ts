import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createApp } from '../../src/app.js';
import { type ChatApp, startChatApp } from './chat-app.js';
import { startSteppedAgent, type SteppedAgent } from './stepped-agent.js';
import { StreamReader } from './stream-reader.js';

/** Two services with one table and one agent, whose replies the test gives. For turns they are two processes. */
export interface TwoServices {
  readonly agent: SteppedAgent;
  readonly app: ChatApp;
  readonly other: NestExpressApplication;
  readonly otherUrl: string;
  /** Begins a stream whose agent has said this. By default it runs in `app`, and opens a chat. */
  begin(text: string, url?: string, chatId?: string): Promise<StreamReader>;
  close(): Promise<void>;
}

/** Starts two services. The caller closes them. */
export async function startTwoServices(): Promise<TwoServices> {
  const agent = await startSteppedAgent();
  const app = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint });
  const other = await createApp(app.environment);
  await other.listen(0, '127.0.0.1');
  return {
    agent,
    app,
    other,
    otherUrl: `http://127.0.0.1:${(other.getHttpServer().address() as AddressInfo).port}`,
    begin: async (text, url = app.url, chatId) => {
      const opening = StreamReader.send(url, { prompt: 'hello', ...(chatId !== undefined && { chat_id: chatId }) });
      await agent.say(text);
      const reader = await opening;
      await reader.readUntil(text);
      return reader;
    },
    close: async () => {
      await other.close();
      await app.close();
      agent.close();
    },
  };
}
