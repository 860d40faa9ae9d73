import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { mintToken } from '../../src/local/dev-token.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { SECRET } from '../support/tokens.js';

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
