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

const CHATS = 8;
const TURNS_PER_CHAT = 25;
const TURNS = CHATS * TURNS_PER_CHAT;
const KILLS = 5;
const VARIABLES = {
  TURNS_PER_MINUTE: '0',
  JWT_SECRET_KEY: SECRET,
  AGENT_TIMEOUT_MS: '20000',
  LOG_LEVEL: 'warn',
  // Replies of about 0.1 s: long enough to be killed in, and no longer.
  LOCAL_AGENT_PACE_MS: '3',
};
/** Each server's clock is so far ahead of the one before that the leases left to it, of 35 s, have run out. */
const CLOCK_STEP_SECONDS = 40;
/** Longest time between the turn that a kill waits for and the kill: about what a turn takes. */
const KILL_DELAY_MILLISECONDS = 250;

/** A turn as its caller knows it. */
interface AskedTurn {
  readonly prompt: string;
  readonly hasKey: boolean;
  /** The answer, once it has been acknowledged. */
  response?: string;
}

/**
 * Local mode with its table on disk inside of the server: a kill takes both. Half of the callers repeat a lost turn
 * under its key until it is answered, the others go on with their next.
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

  /** One caller with a chat of its own, who asks one turn after the other. */
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

  /** @returns nothing when the server was killed meanwhile, and the turn has no key to repeat it under. */
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
      // Callers wait for the next server from here on.
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

  it('has every acknowledged turn once and whole', () => {
    const acknowledged = asked.filter(({ response }) => response !== undefined);
    expect(acknowledged.length).toBeGreaterThanOrEqual(TURNS / 2);
    for (const { prompt, response, hasKey } of acknowledged) {
      expect(shown(prompt).filter(({ status }) => status !== 'failed')).toEqual([{ prompt, answer: response }]);
      if (!hasKey) expect(shown(prompt)).toHaveLength(1);
    }
  });

  it('has every prompt that had begun, as done, partial or failed', () => {
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

  it('has nothing that was not asked, and never asked the agent before the prompt was stored', () => {
    const prompts = new Set(asked.map(({ prompt }) => prompt));
    expect([...histories.values()].flat().filter(({ prompt }) => !prompts.has(prompt))).toEqual([]);
    expect(rememberedOnly).toEqual([]);
  });

  it('has the turns of each chat in the order in which they were asked', () => {
    const order = new Map(asked.map(({ prompt }) => [prompt, Number(prompt.split(' ').at(-1))]));
    for (const turns of histories.values()) {
      const numbers = turns.map(({ prompt }) => order.get(prompt));
      expect(numbers).toEqual(numbers.toSorted((a = 0, b = 0) => a - b));
    }
  });

  it('goes on with every chat', async () => {
    const { url } = await server;
    expect(histories.size).toBeGreaterThanOrEqual(CHATS);
    for (const [id, before] of histories) {
      const { status, body } = await askTurn(url, users.get(id)!, { prompt: 'And then?', chat_id: id });
      expect(status).toBe(200);
      expect(turnsOf(body.chat)).toEqual([...before, { prompt: 'And then?', answer: body.response }]);
    }
  });
});
