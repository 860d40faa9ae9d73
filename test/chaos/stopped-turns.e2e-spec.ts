import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { type ProviderUnderTest, PROVIDERS } from '../support/agent-providers.js';
import { type ChatApp, startChatAppWith } from '../support/chat-app.js';
import { readHead } from '../support/chat-items.js';
import { closeUnused } from '../support/live-turn-client.js';
import { type Kept, STOP_ROWS, type StopRow } from '../support/stop-rows.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { itEachTogether } from '../support/together.js';
import { tokenOf } from '../support/tokens.js';
import { readStream, type StreamEvent, WHOLE } from '../support/ui-stream.js';

const WAYS = ['a stop', 'a turn that supersedes it'] as const;
const ROUTES = ['POST /chat', 'POST /chat/stream'] as const;
const HEADERS = { id_token: tokenOf('alice') };

const STORED: Readonly<Record<Kept, readonly (readonly [string, string | undefined])[]>> = {
  prompt: [['user', 'stopped']],
  text: [['user', undefined], ['assistant', 'stopped']], // prettier-ignore
  reply: [['user', undefined], ['assistant', undefined]], // prettier-ignore
};
const RESULTS: Readonly<Record<Kept, Readonly<Record<(typeof ROUTES)[number], unknown>>>> = {
  prompt: { 'POST /chat': 409, 'POST /chat/stream': 409 },
  text: {
    'POST /chat': 409,
    'POST /chat/stream': ['start', 'text-start', 'text-delta', 'text-end', 'abort', 'finish', 'other'],
  },
  reply: { 'POST /chat': 200, 'POST /chat/stream': [...WHOLE, 'stop'] },
};

interface StoppedCase extends StopRow {
  readonly way: (typeof WAYS)[number];
  readonly route: (typeof ROUTES)[number];
}

const CASES: readonly StoppedCase[] = STOP_ROWS.flatMap((row) =>
  WAYS.flatMap((way) => ROUTES.map((route) => ({ ...row, way, route }))),
);

/** All cases for the first agent. Ways and routes know no agent, so the others have each point once. */
const casesOf = (provider: ProviderUnderTest) =>
  provider === PROVIDERS[0] ? CASES : CASES.filter((_, index) => index % 4 === Math.floor(index / 4) % 4);

describe.each(PROVIDERS)('a turn of $name', (provider: ProviderUnderTest) => {
  let app: ChatApp<AgentEmulator>;
  let faults: StorageFaults;
  beforeAll(async () => {
    app = await startChatAppWith({ ...provider, emulator: await provider.startEmulator() });
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
  });
  afterAll(async () => {
    faults.close();
    closeUnused(app.nest);
    await app.close();
  });

  itEachTogether(casesOf(provider), 'keeps what its caller was told, $point: $way, of $route', async (row) => {
    const first = (await app.chat({ prompt: 'first' }).expect(200)).body.chat;
    const chatId = first.id as string;
    let store = () => {};
    if (row.directive === '') {
      const until = new Promise<void>((resolve) => (store = resolve));
      faults.inject({ type: 'wait', until }, { steps: ['complete'], chats: [chatId], times: 1 });
    }

    const prompt = `second ${row.way} ${row.route} ${row.directive}`;
    const running = send(row.route, { prompt, chat_id: chatId });
    while (findCalls(prompt).length === 0) await wait(5);
    const read = row.text && (await untilRead(chatId, row.text));

    const isStop = row.way === 'a stop';
    const next = { prompt: `third of ${chatId}`, chat_id: chatId };
    const third = isStop ? undefined : send('POST /chat', next, { supersede: 'true' });
    if (isStop)
      expect((await fetch(`${app.url}/chats/${chatId}/stop`, { method: 'POST', headers: HEADERS })).status).toBe(202);
    // A supersession is stored before its turn waits. Then the reply may be stored.
    else if (row.kept === 'reply') await untilStopped(chatId);
    store();

    expect(await running).toEqual(RESULTS[row.kept][row.route]);
    expect(await (third ?? send('POST /chat', next))).toBe(200);
    const { messages } = (await app.read(chatId).expect(200)).body.chat;
    const kept = messages.slice(2, -2) as { role: string; status?: string; content: string }[];
    expect(kept.map(({ role, status }) => [role, status])).toEqual(STORED[row.kept]);
    expect(kept[0]?.content).toBe(prompt);
    if (read !== undefined) expect(kept[1]?.content).toBe(read);

    const [call] = findCalls(prompt);
    const [nextCall] = findCalls(next.prompt);
    if (row.kept !== 'reply') expect(call?.outcome).toBe('left');
    const continues = provider.memory !== undefined && row.kept === 'reply';
    expect(nextCall?.sessionId === call?.sessionId).toBe(continues);
    const told = [...first.messages, ...(row.kept === 'prompt' ? [] : kept)] as { role: string; content: string }[];
    expect(nextCall?.conversationHistory).toEqual(
      continues ? undefined : told.map(({ role, content }) => ({ role, text: content })),
    );
  });

  const findCalls = (prompt: string) => app.agent.invocations.filter((call) => call.prompt === prompt);

  /** Sends a turn. @returns the status of a response, or the outline of a stream and its `finishReason`. */
  async function send(route: (typeof ROUTES)[number], body: object, headers = {}): Promise<unknown> {
    if (route === 'POST /chat') return (await app.chat(body, 'alice', headers)).status;
    const { status, outline, events } = await readStream(app.url, body, { headers });
    return status === 200 ? [...outline, events.at(-1)?.['finishReason']] : status;
  }

  /** Reads the running turn as another tab does, until its text looks so. @returns the text. */
  async function untilRead(chatId: string, text: RegExp): Promise<string> {
    const leaving = new AbortController();
    const { body } = await fetch(`${app.url}/chat/stream/${chatId}/stream`, {
      headers: HEADERS,
      signal: leaving.signal,
    });
    let raw = '';
    for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
      raw += piece;
      const events = raw.split('\n\n').filter((line) => line.startsWith('data: {'));
      const read = events
        .slice(0, raw.endsWith('\n\n') ? undefined : -1)
        .map((line) => (JSON.parse(line.slice('data: '.length)) as StreamEvent).delta ?? '')
        .join('');
      if (!text.test(read)) continue;
      leaving.abort();
      return read;
    }
    throw new Error('The turn ended before its text came');
  }

  /** Waits until the turn has the mark of a stop. */
  async function untilStopped(chatId: string): Promise<void> {
    while (((await readHead(app, chatId))?.['open'] as { stop?: boolean } | undefined)?.stop !== true) await wait(5);
  }
});
