import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Response } from 'supertest';
import { type ChatApp, startChatApp } from './chat-app.js';
import { setAttribute } from './chat-items.js';
import { startStorageFaults, type StorageFaults } from './storage-faults.js';

/** An app, and the faults of its table. */
export class FaultyApp {
  private constructor(
    readonly app: ChatApp,
    readonly faults: StorageFaults,
  ) {}

  static async start(variables: Record<string, string> = {}): Promise<FaultyApp> {
    const app = await startChatApp(variables, { keepsTimeouts: true });
    return new FaultyApp(app, await startStorageFaults(app.nest.get(DynamoDBDocumentClient)));
  }

  /** Runs a test with an app of its own. */
  static async use(test: (own: FaultyApp) => Promise<void>, variables?: Record<string, string>): Promise<void> {
    const own = await FaultyApp.start(variables);
    try {
      await test(own);
    } finally {
      await own.close();
    }
  }

  /** Opens a chat with a turn. */
  async first(): Promise<string> {
    return (await this.app.chat({ prompt: 'first' }).expect(200)).body.chat.id as string;
  }

  async historyOf(chatId: string): Promise<[string, string | undefined][]> {
    const { messages } = (await this.app.read(chatId).expect(200)).body.chat;
    return messages.map(({ role, content, status }: Record<string, string>) => [
      role === 'user' ? content : 'answer',
      status,
    ]);
  }

  invocations(): number {
    return this.app.agent.invocations.length;
  }

  /** Lets the lease of the turn that holds the chat run out. */
  async leaseRunsOut(chatId: string): Promise<void> {
    await setAttribute(this.app, { id: chatId, user_id: 'alice' }, 'open.until', Date.now() - 1);
  }

  /** Sends a turn until the chat is free of a begin that failed. */
  async untilFree(chatId: string): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.app.chat({ prompt: 'third', chat_id: chatId });
      if (response.status !== 409 || attempt === 100) return response;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }

  async close(): Promise<void> {
    // A turn in the background would wait for its table.
    this.faults.clear();
    this.faults.close();
    await this.app.close();
  }
}
