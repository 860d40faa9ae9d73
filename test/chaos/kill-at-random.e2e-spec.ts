import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answered, askTurn, readChat, turnsOf } from '../support/chat-client.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { killServers, type ListeningServer, startLocalServer } from '../support/spawned-server.js';
import { readTableOnDisk } from '../support/table-on-disk.js';
import { SECRET } from '../support/tokens.js';

const CHATS = 6;
const TURNS_PER_CHAT = 10;
const TURNS = CHATS * TURNS_PER_CHAT;
const KILLS = 3;
const VARIABLES = {
  TURNS_PER_MINUTE: '0',
  TURNS_AT_ONCE: '0',
  JWT_SECRET_KEY: SECRET,
  AGENT_TIMEOUT_MS: '20000',
  LOG_LEVEL: 'warn',
  // Replies of about 0.1 s: long enough to be killed in, and no longer.
  LOCAL_AGENT_PACE_MS: '3',
};
/** How far each server's clock is ahead of the previous one: more than a lease of 35 s. */
const CLOCK_STEP_SECONDS = 40;
/** Longest delay of a kill: about the time of a turn. */
const KILL_DELAY_MILLISECONDS = 250;

/** A turn as its client knows it. */
interface AskedTurn {
  readonly prompt: string;
  readonly hasKey: boolean;
  /** The reply, once the turn was acknowledged. */
  response?: string;
}

/**
 * In local mode the table runs inside the server, so a kill ends both. Half of the clients repeat a lost turn with its
 * key until it succeeds. The others continue with their next turn.
 */
describe(`a server killed ${KILLS} times during ${TURNS} turns, and its table with it`, () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  let dataDir: string;
  let server: Promise<ListeningServer>;
  let kills = 0;
  let endedTurns = 0;
  const asked: AskedTurn[] = [];
  const begun = new Set<string>();
  const rememberedOnly: string[] = [];
  const users = new Map<string, string>();
  const histories = new Map<string, ReturnType<typeof turnsOf>>();

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-kill-'));
    server = startLocalServer(dataDir, VARIABLES);
    const chats = Array.from({ length: CHATS }, (_, chat) => converse(chat));
    await Promise.all([...chats, killAtRandom()]);
    const { url } = await server;
    for (const [id, user] of users) histories.set(id, turnsOf((await readChat(url, user, id)).body.chat));
    const acknowledged = asked.filter(({ response }) => response !== undefined).length;
    process.stderr.write(`TEST_SEED=${seed}: ${kills} kills, ${acknowledged} of ${TURNS} turns acknowledged\n`);
  }, 240_000);

  afterAll(async () => {
    await killServers();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** A client with its own chat. It sends one turn after another. */
  async function converse(chat: number): Promise<void> {
    const user = `user-${chat}`;
    const hasKey = chat % 2 === 0;
    let chatId: string | undefined;
    for (let number = 1; number <= TURNS_PER_CHAT; number += 1) {
      const turn: AskedTurn = { prompt: `${user} turn ${number}`, hasKey };
      asked.push(turn);
      const answer = await ask(user, turn, chatId);
      if (answer) {
        expect(answer).toMatchObject({ status: 200 });
        turn.response = answer.body.response;
        chatId = answer.body.chat.id;
        users.set(chatId, user);
      }
      endedTurns += 1;
    }
  }

  /** @returns undefined if the server was killed and the turn has no key to repeat it. */
  async function ask(user: string, turn: AskedTurn, chatId: string | undefined): Promise<Answered | undefined> {
    const { prompt, hasKey } = turn;
    const { url } = await server;
    try {
      return await askTurn(url, user, { prompt, chat_id: chatId }, hasKey ? prompt : undefined);
    } catch {
      return hasKey ? ask(user, turn, chatId) : undefined;
    }
  }

  async function killAtRandom(): Promise<void> {
    while (kills < KILLS) {
      const after = Math.floor(((kills + random()) * TURNS) / KILLS);
      await until(() => endedTurns >= after);
      await wait(random() * KILL_DELAY_MILLISECONDS);
      const doomed = await server;
      // From here on clients wait for the next server.
      server = killAndRestart(doomed);
      await server;
    }
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await wait(2);
  }

  async function killAndRestart(doomed: ListeningServer): Promise<ListeningServer> {
    await doomed.end('SIGKILL');
    kills += 1;
    const left = await readTableOnDisk(dataDir);
    for (const prompt of left.begun) begun.add(prompt);
    for (const { id, user } of left.chats) users.set(id, user);
    rememberedOnly.push(...left.remembered.filter((prompt) => !begun.has(prompt)));
    return startLocalServer(dataDir, VARIABLES, { clockAheadSeconds: kills * CLOCK_STEP_SECONDS });
  }

  const shown = (prompt: string) => [...histories.values()].flat().filter((turn) => turn.prompt === prompt);

  it('keeps every acknowledged turn, once and complete', () => {
    const acknowledged = asked.filter(({ response }) => response !== undefined);
    expect(acknowledged.length).toBeGreaterThanOrEqual(TURNS / 2);
    for (const { prompt, response, hasKey } of acknowledged) {
      expect(shown(prompt).filter(({ status }) => status !== 'failed')).toEqual([{ prompt, answer: response }]);
      if (!hasKey) expect(shown(prompt)).toHaveLength(1);
    }
  });

  it('keeps every prompt that had begun, as done, partial or failed', () => {
    expect(begun.size).toBeGreaterThan(0);
    for (const prompt of begun) expect(shown(prompt)).not.toEqual([]);
    for (const { prompt, hasKey } of asked) {
      const runs = shown(prompt);
      if (!hasKey) expect(runs.length).toBeLessThanOrEqual(1);
      for (const { answer, status } of runs) {
        expect(status === 'failed' ? answer === undefined : answer !== undefined).toBe(true);
        expect([undefined, 'failed', 'partial']).toContain(status);
      }
    }
  });

  it('keeps nothing else, and stores a prompt before it asks the agent', () => {
    const prompts = new Set(asked.map(({ prompt }) => prompt));
    expect([...histories.values()].flat().filter(({ prompt }) => !prompts.has(prompt))).toEqual([]);
    expect(rememberedOnly).toEqual([]);
  });

  it('keeps the turns of each chat in order', () => {
    const order = new Map(asked.map(({ prompt }) => [prompt, Number(prompt.split(' ').at(-1))]));
    for (const turns of histories.values()) {
      const numbers = turns.map(({ prompt }) => order.get(prompt));
      expect(numbers).toEqual(numbers.toSorted((a = 0, b = 0) => a - b));
    }
  });

  it('continues every chat', async () => {
    const { url } = await server;
    expect(histories.size).toBeGreaterThanOrEqual(CHATS);
    for (const [id, before] of histories) {
      const { status, body } = await askTurn(url, users.get(id)!, { prompt: 'And then?', chat_id: id });
      expect(status).toBe(200);
      expect(turnsOf(body.chat)).toEqual([...before, { prompt: 'And then?', answer: body.response }]);
    }
  });
});
