import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import supertest from 'supertest';
import { Clock } from '../../src/common/clock.js';
import { HealthModule } from '../../src/health/health.module.js';
import { ReadinessTimes } from '../../src/health/readiness-times.js';
import type { ChatApp } from '../support/chat-app.js';
import { FaultyApp } from '../support/faulty-app.js';
import { startKeyServer, serveKeys, issuerKey, AUDIENCE, ISSUER, type KeyServer } from '../support/key-server.js';

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
