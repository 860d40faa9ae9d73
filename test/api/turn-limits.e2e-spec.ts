import { setTimeout as wait } from 'node:timers/promises';
import { PutCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { mintToken } from '../../src/local/dev-token.js';
import { toAttributeNames, toUsageKey } from '../../src/usage/usage-item.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';
import { SECRET } from '../support/tokens.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';

/** Turns in a minute. Fewer than by default, because each costs time here. */
const TURNS = 4;
/** Requests in a minute that may give their place back. */
const REFUNDS = TURNS + 100;
const CLOCK = Date.UTC(2030, 0, 1, 12, 0, 20);

describe('the quota of two server processes on one table', () => {
  let parts: ServerParts;
  let servers: ListeningServer[];
  let requests = 0;

  beforeAll(async () => {
    parts = await startServerParts();
    const variables = { ...parts.variables, TURNS_PER_MINUTE: String(TURNS) };
    const start = () => startServer(variables, { fixedClock: CLOCK });
    servers = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    await killServers();
    await parts.close();
  });

  /** Sends requests to the servers alternately. */
  function post(path: string, user: string, server = servers[(requests += 1) % 2]): supertest.Test {
    return supertest(server?.url ?? '')
      .post(path)
      .set('id_token', mintToken({ secret: SECRET, sub: user, now: CLOCK }));
  }
  const chat = (user: string, chatId?: string) =>
    post('/chat', user).send({ prompt: `turn ${requests}`, ...(chatId && { chat_id: chatId }) });
  async function statuses(count: number, user: string, chatId?: string): Promise<Record<number, number>> {
    const answers = await Promise.all(Array.from({ length: count }, () => chat(user, chatId)));
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  it('accepts exactly 4 of 16 concurrent turns', async () => {
    expect(await statuses(16, 'alice')).toEqual({ 200: TURNS, 429: 16 - TURNS });
    const refused = await chat('alice');
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 429,
      body: { error: 'Too many requests' },
    });
    expect(refused.headers['retry-after']).toBe('40');
    expect(await statuses(1, 'bob')).toEqual({ 200: 1 });
  });

  it('still accepts all turns after 8 refusals with 404', async () => {
    for (let times = 0; times < 2 * TURNS; times += 1) await chat('carol', 'no-such-chat').expect(404);
    expect(await statuses(8, 'carol')).toEqual({ 200: TURNS, 429: 8 - TURNS });
  });

  it('still accepts the remaining turns after 8 refusals with 409', async () => {
    const { chat: first } = (await chat('dave').expect(200)).body;
    const prompt = 'wait [[fault silence after=1]]';
    const running = post('/chat', 'dave', servers[0])
      .send({ prompt, chat_id: first.id })
      .then(({ status }) => status);
    while (!parts.agent.invocations.some((call) => call.prompt === prompt)) await wait(5);
    for (let times = 0; times < 2 * TURNS; times += 1) await chat('dave', first.id).expect(409);
    // Two of the turns have run.
    expect(await statuses(8, 'dave')).toEqual({ 200: TURNS - 2, 429: 10 - TURNS });
    await post(`/chats/${first.id}/stop`, 'dave', servers[0]).expect(202);
    expect(await running).toBe(409);
  });

  it('replays for free while a turn is left, and refuses replays once none is', async () => {
    const again = () => post('/chat', 'erin').set('idempotency-key', 'asked before').send({ prompt: 'asked once' });
    await again().expect(200);
    for (let times = 0; times < 3; times += 1) await again().expect('idempotency-replayed', 'true').expect(200);
    expect(await statuses(8, 'erin')).toEqual({ 200: TURNS - 1, 429: 9 - TURNS });
    const { headers } = await again().expect(429, { error: 'Too many requests' });
    expect(headers['retry-after']).toBe('40');
  });

  it.each([
    ['unknown chats', 'frank', () => chat('frank', 'no-such-chat'), [404, 404, 429, 429]],
    [
      'repeated turns',
      'gina',
      () => chat('gina').set('idempotency-key', 'again').send({ prompt: 'same' }),
      [200, 200, 200, 429, 429],
    ],
  ])('bounds a loop of %s, for both servers', async (_, user, send, expected) => {
    const refunded = new Set(Array.from({ length: REFUNDS - 2 }, (_place, index) => `place-${index}`));
    const usage = { ...toUsageKey(user), [toAttributeNames(CLOCK).refunds]: refunded };
    await parts.table.send(new PutCommand({ TableName: parts.tableName, Item: usage }));
    for (const status of expected) expect((await send()).status).toBe(status);
    // Whether a request begins a turn is only known behind the quota.
    const { headers } = await chat(user).expect(429, { error: 'Too many requests' });
    expect(headers['retry-after']).toBe('40');
    await chat('henry', 'no-such-chat').expect(404);
  });
});

const MIDNIGHT = Date.UTC(2030, 0, 2);
const TURN_MILLISECONDS = 60_000;
/** After the deadline of a turn that began at midnight, and after its lease. */
const LATER = MIDNIGHT + TURN_MILLISECONDS + 16_000;

describe('the turns that a user has at once, of server processes on one table', () => {
  let parts: ServerParts;
  let agent: SteppedAgent;
  let beforeMidnight: ListeningServer;
  let afterMidnight: ListeningServer;
  /** Allows two turns at once. */
  let dying: ListeningServer;
  let later: ListeningServer;
  let prompts = 0;

  beforeAll(async () => {
    [parts, agent] = await Promise.all([startServerParts(), startSteppedAgent()]);
    const start = (fixedClock: number, own: Record<string, string> = {}) =>
      startServer(
        {
          ...parts.variables,
          TURNS_AT_ONCE: '',
          AGENT_TIMEOUT_MS: String(TURN_MILLISECONDS),
          AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
          ...own,
        },
        { fixedClock },
      );
    [beforeMidnight, afterMidnight, dying, later] = await Promise.all([
      start(MIDNIGHT - 10_000),
      start(MIDNIGHT + 10_000),
      start(MIDNIGHT, { TURNS_AT_ONCE: '2' }),
      start(LATER, { TURNS_AT_ONCE: '2' }),
    ]);
  });
  afterAll(async () => {
    await killServers();
    agent.close();
    await parts.close();
  });

  function chat(server: ListeningServer, user: string): supertest.Test {
    prompts += 1;
    return supertest(server.url)
      .post('/chat')
      .set('id_token', mintToken({ secret: SECRET, sub: user, now: MIDNIGHT }))
      .send({ prompt: `turn ${prompts}` });
  }
  /** Sends turns at the same time, to both servers, and lets the agent reply once the others are refused. */
  async function countStatuses(count: number, user: string): Promise<Record<number, number>> {
    const counts: Record<number, number> = {};
    let refuse!: () => void;
    const refused = new Promise<void>((resolve) => (refuse = resolve));
    const turns = Array.from({ length: count }, async (_, index) => {
      const { status, headers } = await chat(index % 2 ? beforeMidnight : afterMidnight, user);
      counts[status] = (counts[status] ?? 0) + 1;
      if (status === 429) expect(Number(headers['retry-after'])).toBe(5);
      if (counts[429] === count - 5) refuse();
    });
    if (count > 5) await refused;
    for (let ended = 0; ended < Math.min(count, 5); ended += 1) await reply();
    await Promise.all(turns);
    return counts;
  }
  async function reply(): Promise<void> {
    await agent.say('Hello');
    agent.end();
  }
  async function readUsage(user: string): Promise<Record<string, unknown>> {
    const Key = { id: `usage#${user}`, user_id: user };
    const { Item: item } = await parts.table.send(new GetCommand({ TableName: parts.tableName, Key }));
    return item ?? {};
  }

  it('are exactly five of 20, on both sides of midnight, and five again once they have ended', async () => {
    expect(await countStatuses(20, 'alice')).toEqual({ 200: 5, 429: 15 });
    expect(await countStatuses(5, 'alice')).toEqual({ 200: 5 });
    expect(await countStatuses(20, 'alice')).toEqual({ 200: 5, 429: 15 });
    const usage = await readUsage('alice');
    expect(usage).not.toHaveProperty('running');
    expect(Number(usage['t20300101'] ?? 0) + Number(usage['t20300102'] ?? 0)).toBe(15);
  });

  it('are counted for each user', async () => {
    const users = [...Array<string>(5).fill('bob'), 'carol'];
    const running = users.map((user) => chat(afterMidnight, user).then(({ status }) => status));
    for (let ended = 0; ended < users.length; ended += 1) await reply();
    expect(await Promise.all(running)).toEqual([200, 200, 200, 200, 200, 200]);
  });

  it('do not count a turn whose process has died, once its lease has ended', async () => {
    const dead = [chat(dying, 'dave'), chat(dying, 'dave')].map((turn) =>
      turn.then(
        () => 'ended',
        () => 'lost',
      ),
    );
    await agent.say('Hello');
    await chat(dying, 'dave').expect(429, { error: 'Too many requests' });
    await dying.end('SIGKILL');
    expect(await Promise.all(dead)).toEqual(['lost', 'lost']);
    agent.end();
    agent.end();
    const next = chat(later, 'dave').then(({ status }) => status);
    await reply();
    expect(await next).toBe(200);
  });
});
