import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, jest, afterEach, beforeEach } from '@jest/globals';
import supertest from 'supertest';
import { TurnTimes } from '../../src/chat/service/turn-times.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { Clock } from '../../src/common/clock.js';
import { HealthModule } from '../../src/health/health.module.js';
import { ReadinessTimes } from '../../src/health/readiness-times.js';
import { FaultyApp } from '../support/faulty-app.js';
import { startKeyServer, serveKeys, issuerKey, AUDIENCE, ISSUER, type KeyServer } from '../support/key-server.js';

describe('every response', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  it.each([
    ['POST', '/chat'],
    ['POST', '/nowhere'],
    ['GET', '/'],
    ['GET', '/chats/x'],
    ['GET', '/%'],
  ] as const)('of %s %s carries the documented headers', async (method, path) => {
    const { headers } = await supertest(app.url)[method === 'GET' ? 'get' : 'post'](path);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    expect(headers['x-request-id']).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it.each(['abc', 'A.b_c-1', 'x'.repeat(64)])('keeps the request id %s', async (id) => {
    await supertest(app.url).get('/').set('x-request-id', id).expect('x-request-id', id);
  });

  it.each(['x'.repeat(65), 'a b', 'ä', '"'])('replaces the request id %j', async (id) => {
    const { headers } = await supertest(app.url).get('/').set('x-request-id', Buffer.from(id).toString('latin1'));
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['GET', '/'],
    ['GET', '/chat'],
    ['DELETE', '/chat'],
    ['GET', '/%'],
    ['GET', '/chats/%'],
    ['GET', '/chats/%ff'],
    ['POST', '/chat/nowhere'],
  ] as const)('of %s %s is 404 Not found', async (method, path) => {
    const verbs = { GET: 'get', POST: 'post', DELETE: 'delete' } as const;
    await supertest(app.url)[verbs[method]](path).expect(404, { error: 'Not found' });
  });
});

describe('faults behind the service', () => {
  it('get 503 without a call to the agent if the table cannot be reached', async () => {
    const app = await startChatApp({}, { keepsTimeouts: true });
    await app.dynamoDb.close();
    Object.assign(app.nest.get(TurnTimes, { strict: false }), { shutdownGrace: 0, shutdownStoring: 0 });
    const answer = await app.chat({ prompt: 'hello' }).set('x-request-id', 'r1');
    await app.close();
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 503,
      body: { error: 'Storage is unavailable', message: 'Try again; request id r1' },
    });
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(app.agent.invocations).toHaveLength(0);
  });

  it('get 500 and a request id of the log if they are unexpected', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    const app = await startChatApp({ LOG_LEVEL: 'verbose' });
    const broken = { id: 'broken', user_id: 'alice', title: 'x', messages: 'the secret prompt' };
    await app.table.send(new PutCommand({ TableName: app.environment.DYNAMODB_TABLE, Item: broken }));
    const answer = await app.chat({ prompt: 'the secret prompt', chat_id: 'broken' }).set('x-request-id', 'r2');
    await app.close();
    spies.forEach((spy) => spy.mockRestore());
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 500,
      body: { error: 'Internal server error', message: 'Report this; request id r2' },
    });
    const line = written.find((text) => text.includes('"level":"error"')) ?? '';
    expect(JSON.parse(line)).toMatchObject({ requestId: 'r2', message: { status: 500 } });
    expect(written.join('')).toContain('POST /chat 500');
    expect(written.join('')).not.toMatch(/secret prompt|eyJ/);
  });
});

const READY = { status: 200, body: { status: 'ok' } };
const notReady = (message: string) => ({ status: 503, body: { error: 'Not ready', message } });
const NO_TABLE = 'table: cannot be reached';
const NO_KEYS = 'signing keys: cannot be fetched';

/** Sets the times of the readiness probe. By default a busy machine fails no check, and no result is kept. */
function setTimes({ nest }: ChatApp, times: Partial<ReadinessTimes> = {}): void {
  Object.assign(nest.select(HealthModule).get(ReadinessTimes, { strict: true }), { limit: 30_000, keep: 0, ...times });
}

async function probe({ url }: ChatApp, path = '/health/ready'): Promise<{ status: number; body: unknown }> {
  const { status, body } = await supertest(url).get(path);
  return { status, body };
}

describe('the probes', () => {
  let shared: FaultyApp;
  let app: ChatApp;
  beforeAll(async () => {
    shared = await FaultyApp.start();
    ({ app } = shared);
  });
  let now = 0;
  beforeEach(() => {
    // No result of another test is kept that long.
    now += 3_600_000;
    Object.assign(app.nest.select(HealthModule).get(Clock, { strict: true }), { now: () => now });
    setTimes(app);
  });
  afterEach(() => shared.faults.clear());
  afterAll(() => shared.close());

  const readsBy = async (work: () => Promise<unknown>) => {
    const before = shared.faults.calls.length;
    await work();
    return shared.faults.calls.slice(before).map(({ command }) => command);
  };

  it('need no token, and only the readiness probe reads the table: one key', async () => {
    expect(await readsBy(async () => expect(await probe(app, '/health')).toEqual(READY))).toEqual([]);
    expect(await readsBy(async () => expect(await probe(app)).toEqual(READY))).toEqual(['GetItemCommand']);
  });

  it('share one read among all that come while it runs, and for a second after it', async () => {
    setTimes(app, { keep: 60_000 });
    const reads = await readsBy(async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => probe(app)));
      expect(all.filter(({ status }) => status !== 200)).toEqual([]);
      expect(await probe(app)).toEqual(READY);
    });
    expect(reads).toEqual(['GetItemCommand']);
    now += 60_000;
    expect(await readsBy(() => probe(app))).toHaveLength(1);
    expect(new ReadinessTimes()).toMatchObject({ keep: 1_000 });
  });

  it('name the table if it cannot be reached, and ask to come back', async () => {
    shared.faults.inject({ type: 'refused' });
    const { status, body, headers } = await supertest(app.url).get('/health/ready');
    expect({ status, body }).toEqual(notReady(NO_TABLE));
    expect(headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(await probe(app, '/health')).toEqual(READY);
    shared.faults.clear();
    expect(await probe(app)).toEqual(READY);
  });

  it('keep a bad result too', async () => {
    setTimes(app, { keep: 60_000 });
    shared.faults.inject({ type: 'refused' });
    const reads = await readsBy(async () => {
      for (let probes = 0; probes < 3; probes += 1) expect(await probe(app)).toEqual(notReady(NO_TABLE));
    });
    expect(reads).toHaveLength(1);
  });

  it('do not wait for a table that hangs', async () => {
    setTimes(app, { limit: 100 });
    shared.faults.inject({ type: 'hang' });
    const start = performance.now();
    expect(await probe(app)).toEqual(notReady(NO_TABLE));
    // The client of the table alone would give up after 3 s.
    expect(performance.now() - start).toBeLessThan(1_400);
    expect(new ReadinessTimes().limit).toBeLessThan(3_000);
  });
});

describe('the readiness probe with keys by URL', () => {
  let server: KeyServer;
  let shared: FaultyApp;
  beforeAll(async () => {
    server = await startKeyServer((response) => response.writeHead(500).end());
    shared = await FaultyApp.start({
      JWT_SECRET_KEY: '',
      JWT_JWKS_URI: server.url,
      JWT_ISSUER: ISSUER,
      JWT_AUDIENCE: AUDIENCE,
    });
    setTimes(shared.app);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await shared.close();
    await server.close();
  });

  it('names what is missing, fetches the keys once, and goes on with cached keys', async () => {
    expect(await probe(shared.app)).toEqual(notReady(NO_KEYS));
    shared.faults.inject({ type: 'refused' });
    expect(await probe(shared.app)).toEqual(notReady(`${NO_TABLE}; ${NO_KEYS}`));
    shared.faults.clear();
    expect(server.fetches).toBe(1);

    server.behaviour = serveKeys(issuerKey('one', 'ES256'));
    const later = Date.now() + 10_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    expect(await probe(shared.app)).toEqual(READY);
    server.behaviour = (response) => response.writeHead(500).end();
    expect(await probe(shared.app)).toEqual(READY);
    expect(server.fetches).toBe(2);
  });
});

describe('the log of the probes', () => {
  it('has a line when the readiness changes, and no line for each probe', async () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      jest.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    await FaultyApp.use(
      async ({ app, faults }) => {
        setTimes(app);
        await probe(app);
        faults.inject({ type: 'refused' });
        for (let probes = 0; probes < 5; probes += 1) await probe(app);
        faults.clear();
        for (let probes = 0; probes < 5; probes += 1) await probe(app);
        await probe(app, '/health');
        await probe(app, '/health/nothing');
      },
      { LOG_LEVEL: 'log' },
    );
    spies.forEach((spy) => spy.mockRestore());
    const lines = written
      .map((line) => JSON.parse(line) as { context: string; level: string; message: unknown })
      .filter(({ context }) => context !== 'NestApplication');
    expect(lines.map(({ context, level }) => `${context} ${level}`)).toEqual([
      'ReadinessService warn',
      'ReadinessService log',
      'Http log',
    ]);
    expect(lines[0]?.message).toMatchObject({ notReady: NO_TABLE, errors: [{ name: 'StorageUnavailableError' }] });
    expect(lines[1]?.message).toBe('Ready again');
  });
});
