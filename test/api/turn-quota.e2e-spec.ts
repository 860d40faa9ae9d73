import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { mintToken } from '../../src/local/dev-token.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { SECRET } from '../support/tokens.js';

/** Turns in a minute. Fewer than by default, because each costs time here. */
const TURNS = 10;
const CLOCK = Date.UTC(2030, 0, 1, 12, 0, 20);

describe('the quota of two server processes on one table', () => {
  let parts: ServerParts;
  let servers: ListeningServer[];
  /** Its turns wait for the test. */
  let stepped: SteppedAgent;
  let steppedServer: ListeningServer;
  /** Its clock is a minute ahead. */
  let later: ListeningServer;
  let turns = 0;

  beforeAll(async () => {
    parts = await startServerParts();
    const variables = { ...parts.variables, TURNS_PER_MINUTE: String(TURNS) };
    stepped = await startSteppedAgent();
    const waiting = { AGENT_TIMEOUT_MS: '60000', AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint };
    const start = (own: Record<string, string>) => startServer({ ...variables, ...own }, { fixedClock: CLOCK });
    const nextMinute = () => startServer(variables, { fixedClock: CLOCK + 60_000 });
    [steppedServer, later, ...servers] = await Promise.all([start(waiting), nextMinute(), start({}), start({})]);
  });
  afterAll(async () => {
    await killServers();
    stepped.close();
    await parts.close();
  });

  /** Sends a turn to each server alternately. */
  function chat(user: string, chatId?: string, server = servers[turns % 2]): supertest.Test {
    turns += 1;
    return supertest(server?.url ?? '')
      .post('/chat')
      .set('id_token', mintToken({ secret: SECRET, sub: user, now: CLOCK }))
      .send({ prompt: `turn ${turns}`, ...(chatId && { chat_id: chatId }) });
  }
  async function statuses(count: number, user: string, chatId?: string): Promise<Record<number, number>> {
    const answers = await Promise.all(Array.from({ length: count }, () => chat(user, chatId)));
    const counts: Record<number, number> = {};
    for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  it('accepts exactly 10 of 40 concurrent turns', async () => {
    expect(await statuses(40, 'alice')).toEqual({ 200: TURNS, 429: 40 - TURNS });
    const refused = await chat('alice');
    expect({ status: refused.status, body: refused.body }).toEqual({
      status: 429,
      body: { error: 'Too many requests' },
    });
    expect(refused.headers['retry-after']).toBe('40');
    expect(await statuses(1, 'bob')).toEqual({ 200: 1 });
  });

  it('still accepts all turns after 20 refusals with 404', async () => {
    for (let times = 0; times < 2 * TURNS; times += 1) await chat('carol', 'no-such-chat').expect(404);
    expect(await statuses(30, 'carol')).toEqual({ 200: TURNS, 429: 30 - TURNS });
  });

  it('still accepts the remaining turns after 20 refusals with 409', async () => {
    const { chat: first } = (await chat('dave').expect(200)).body;
    const running = chat('dave', first.id, steppedServer).then(({ status }) => status);
    await stepped.say('Hello');
    for (let times = 0; times < 2 * TURNS; times += 1) await chat('dave', first.id).expect(409);
    // Two of the turns have run.
    expect(await statuses(30, 'dave')).toEqual({ 200: TURNS - 2, 429: 32 - TURNS });
    stepped.end();
    expect(await running).toBe(200);
  });

  it('replays for free while a turn is left, and refuses replays once none is', async () => {
    const again = () =>
      supertest(servers[0]?.url ?? '')
        .post('/chat')
        .set({ id_token: mintToken({ secret: SECRET, sub: 'erin', now: CLOCK }), 'idempotency-key': 'asked before' })
        .send({ prompt: 'asked once' });
    await again().expect(200);
    for (let times = 0; times < 15; times += 1) await again().expect('idempotency-replayed', 'true').expect(200);
    expect(await statuses(20, 'erin')).toEqual({ 200: TURNS - 1, 429: 21 - TURNS });
    const { headers } = await again().expect(429, { error: 'Too many requests' });
    expect(headers['retry-after']).toBe('40');
  });

  it.each([
    ['unknown chats', 'frank', () => chat('frank', 'no-such-chat'), 404, 110],
    ['repeated turns', 'gina', () => chat('gina').set('idempotency-key', 'again').send({ prompt: 'same' }), 200, 111],
  ])('bounds a loop of %s, for both servers and for a minute', async (_, user, send, status, count) => {
    const counts: Record<number, number> = {};
    for (let times = 0; times < 130; times += 1) {
      const answer = await send();
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
    }
    expect(counts).toEqual({ [status]: count, 429: 130 - count });
    // Whether a request begins a turn is only known behind the quota.
    const { headers } = await chat(user).expect(429, { error: 'Too many requests' });
    expect(headers['retry-after']).toBe('40');
    await chat(user, undefined, later).expect(200);
    await chat('henry', 'no-such-chat').expect(404);
  });
});
