import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readChat, turnsOf } from '../support/chat-client.js';
import { resumeTurn, stopTurn } from '../support/live-turn-client.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';
import { tokenOf } from '../support/tokens.js';
import { readStream } from '../support/ui-stream.js';

/** The lease of a turn ends 15 s after this time. */
const AGENT_TIMEOUT_MS = '15000';
/** The clock of the server where leases run out soon. */
const AHEAD_SECONDS = 20;
const CASES = ['stopped', 'superseded', 'stopped and superseded', 'resumed', 'deleted'] as const;

type Case = (typeof CASES)[number];
type Step = (chatId: string) => Promise<void>;

/** A server with a running turn for each case is killed. The others share its table and its agent. */
describe('a turn whose process was killed', () => {
  let parts: ServerParts;
  let other: ListeningServer;
  /** Its clock is ahead, so the lease of the dead turn runs out 10 s after its begin. */
  let later: ListeningServer;
  let chats: ReadonlyMap<Case, string>;
  let steps: ReadonlyMap<Case, Promise<void>>;

  beforeAll(async () => {
    parts = await startServerParts();
    const variables = { ...parts.variables, AGENT_TIMEOUT_MS };
    const [doomed, ...others] = await Promise.all([
      startServer(variables),
      startServer(variables),
      startServer(variables, { clockAheadSeconds: AHEAD_SECONDS }),
    ]);
    [other, later] = others;
    chats = new Map(await Promise.all(CASES.map(async (each) => [each, await open(each)] as const)));
    const lost = CASES.map((each) => ask(doomed, each, prompts(each)).catch(() => 'lost'));
    while (parts.agent.invocations.length < 2 * CASES.length) await wait(5);
    await doomed.end('SIGKILL');
    expect(await Promise.all(lost)).toEqual(CASES.map(() => 'lost'));
    // All of them wait, so they run side by side.
    steps = new Map(CASES.map((each) => [each, STEPS[each](chats.get(each)!)]));
    for (const step of steps.values()) step.catch(() => undefined);
  }, 60_000);
  afterAll(async () => {
    await killServers();
    await parts.close();
  });

  const open = async (each: Case) =>
    (await readStream(other.url, { prompt: 'first' }, { user: each })).events[0]!.messageMetadata!.chat.id;
  const ask = ({ url }: ListeningServer, each: Case, prompt: string, headers = {}) =>
    readStream(url, { prompt, chat_id: chats.get(each) }, { user: each, headers });
  const kept = async (each: Case) => turnsOf((await readChat(other.url, each, chats.get(each)!)).body.chat).slice(1);
  const prompts = (each: Case) => `Tell ${each} [[fault silence after=1]]`;
  const print = (words: string, begun: number) =>
    process.stderr.write(
      `A turn whose process was killed ${words} after ${Math.round(performance.now() - begun)} ms\n`,
    );

  async function supersede(each: Case): Promise<void> {
    const begun = performance.now();
    const next = await ask(other, each, 'next', { supersede: 'true' });
    print('gave its place to another', begun);
    expect([next.status, next.outline.at(-1)]).toEqual([200, 'finish']);
    expect(await kept(each)).toEqual([
      { prompt: prompts(each), status: 'stopped' },
      { prompt: 'next', answer: next.text },
    ]);
  }

  const STEPS: Readonly<Record<Case, Step>> = {
    stopped: async (chatId) => {
      expect(await stopTurn(other.url, chatId, 'stopped')).toBe(202);
      expect(await ask(other, 'stopped', 'too early')).toMatchObject({ status: 409 });
      while ((await stopTurn(later.url, chatId, 'stopped')) !== 204) await wait(200);
      const next = await ask(later, 'stopped', 'next');
      expect(next.status).toBe(200);
      expect(await kept('stopped')).toEqual([
        { prompt: prompts('stopped'), status: 'stopped' },
        { prompt: 'next', answer: next.text },
      ]);
    },
    superseded: () => supersede('superseded'),
    'stopped and superseded': async (chatId) => {
      expect(await stopTurn(other.url, chatId, 'stopped and superseded')).toBe(202);
      await supersede('stopped and superseded');
    },
    resumed: async (chatId) => {
      const begun = performance.now();
      const { status, outline, events, isDone } = await resumeTurn(later.url, chatId, 'resumed');
      print('ended its resumed stream', begun);
      expect([status, outline, isDone]).toEqual([200, ['start', 'error', 'finish'], true]);
      expect(events[0]).toMatchObject({ messageId: `${chatId}:2` });
      expect(events.at(-1)).toMatchObject({ finishReason: 'error' });
    },
    deleted: async (chatId) => {
      const begun = performance.now();
      const headers = { id_token: tokenOf('deleted') };
      expect((await fetch(`${other.url}/chats`, { method: 'DELETE', headers })).status).toBe(204);
      print('was deleted', begun);
      expect((await readChat(other.url, 'deleted', chatId)).status).toBe(404);
      expect(await resumeTurn(other.url, chatId, 'deleted')).toMatchObject({ status: 204 });
      expect(await stopTurn(other.url, chatId, 'deleted')).toBe(404);
    },
  };

  it.each(CASES)('ends as the contract says if it is %s', async (each) => {
    await steps.get(each);
  });
});
