import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { assertLean, bundleHandlers } from '../../scripts/lambda/bundle.js';
import { listEvaluated } from '../../scripts/lambda/evaluated-modules.js';
import { buildChatEvent, insertToken } from '../../scripts/lambda/events.js';
import type { AgentKind } from '../../scripts/lambda/local-agents.js';
import type { LocalFunction } from '../../scripts/lambda/local-function.js';
import { type FunctionParts, startFunctionParts } from '../../scripts/lambda/local-parts.js';
import { findNode, LAMBDA_NODE_ARGUMENTS } from '../../scripts/lambda/node-binary.js';
import type { LambdaResponse } from '../../src/lambda/response.js';
import { AI_SDKS } from '../support/ai-sdk.js';
import { ANSWERS, answerTo, expectAnswers, putOldChat } from '../support/lambda/answers.js';
import { startDescribedFunction } from '../support/lambda/described-function.js';
import {
  buildPackage,
  describeWithClient,
  findPackageNode,
  NODES,
  PACKAGE_WORK,
  runSweep,
  withOtherVersion,
} from '../support/lambda/package.js';
import { expectDescribedResponses } from '../support/openapi/response-listener.js';
import { RawReader } from '../support/raw-reader.js';
import { silence } from '../support/silence.js';
import { type SpawnedServer, spawnServer } from '../support/spawned-server.js';
import { readStream } from '../support/ui-stream.js';
import { SECRET } from '../support/tokens.js';

const CACHE_REJECTED = /"codeCache: rejected","node":"[\d.]+","v8":"\d/g;

describe('the package', () => {
  const home = mkdtempSync(join(tmpdir(), 'lambda-package-'));
  // It is built where its dependencies exist, and run where they do not.
  let folder: string;
  let node: string;
  let parts: FunctionParts;

  beforeAll(async () => {
    folder = await buildPackage();
    node = await findPackageNode();
    parts = await startFunctionParts({
      TURNS_PER_MINUTE: '0',
      TURNS_AT_ONCE: '0',
      CORS_ORIGINS: 'https://app.example.com',
    });
  }, 180_000);
  afterAll(async () => {
    await parts.close();
    rmSync(home, { recursive: true });
  });

  function copy(name: string, from = folder): string {
    const target = join(home, name);
    cpSync(from, target, { recursive: true });
    return target;
  }
  /** Loads a copy and handles one event, without the runtime client. */
  function load(target: string, variables: Readonly<Record<string, string>>) {
    const script = `const { handler } = await import(process.argv[1]);
      const answer = await handler({ body: null }, { awsRequestId: 'x', getRemainingTimeInMillis: () => 30000 });
      process.stdout.write('answered ' + answer.statusCode);
      process.exit(0);`;
    const run = [...LAMBDA_NODE_ARGUMENTS, '--input-type=module', '-e', script, join(target, 'lambda.mjs')];
    const env = { ...variables, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
    const end = spawnSync(node, run, { cwd: target, env, encoding: 'utf8' });
    silence.wrote('a process of the package', end.stdout + end.stderr);
    return end;
  }

  it.each([
    'build/lambda-tsc/local/local-mode.js',
    'build/lambda-tsc/chat/chat-history.spec.js',
    'test/support/chat-app.ts',
    'docs/architecture.md',
    'node_modules/dynalite/index.js',
    'node_modules/@nestjs/swagger/dist/index.js',
    'node_modules/supports-color/index.js',
  ])('is not built with %s in it', (path) => {
    const inputs = { 'build/lambda-tsc/lambda.js': {}, [path]: {} } as unknown as Metafile['inputs'];
    expect(() => assertLean({ inputs, outputs: {} })).toThrow(`The package must not contain ${path}`);
  });

  it('is not built with modules of Nest that nobody uses', async () => {
    const entry = join(PACKAGE_WORK, 'lambda-tsc/entry.js');
    writeFileSync(entry, `export const load = () => import('./on-demand.js');`);
    writeFileSync(join(PACKAGE_WORK, 'lambda-tsc/on-demand.js'), `export { Logger } from '@nestjs/common';`);
    const outfile = join(home, 'unused.js');
    const metafile = await bundleHandlers({ entries: { entry }, outfile, mapFolder: home });
    expect(() => assertLean(metafile)).toThrow(/The package keeps .*\/index\.js\. Does a module/);
  });

  it('formats dates as Node does, although it creates the formats later', async () => {
    const file: string = '../../scripts/lambda/date-time-format.mjs';
    const module = (await import(file)) as {
      DateTimeFormatOnUse: typeof Intl.DateTimeFormat;
    };
    const [late, own] = [module.DateTimeFormatOnUse, Intl.DateTimeFormat].map((Format) => {
      const format = new Format('de', { dateStyle: 'full', timeZone: 'UTC' });
      return [format.format(0), format.formatToParts(0), format.resolvedOptions(), Format.supportedLocalesOf(['de'])];
    });
    expect(late).toEqual(own);
  });

  it('is the same bytes from the same input', async () => {
    // The package of the sweep is smaller, and is bundled in the same way.
    const entries = { 'lambda-sweep': join(PACKAGE_WORK, 'lambda-tsc/lambda-sweep.js') };
    await bundleHandlers({ entries, outfile: join(home, 'again.js'), mapFolder: home });
    expect(readFileSync(join(home, 'again.js')).equals(readFileSync(`${folder}-sweep/app.js`))).toBe(true);
  });

  it.each<[AgentKind, string]>([
    ['bedrock-agent', 'client-bedrock-agent-runtime'],
    ['harness', 'client-bedrock-agentcore'],
    ['converse', 'client-bedrock-runtime'],
  ])('handles a turn with %s, and evaluates its provider and its SDK client alone', async (kind, client) => {
    const agent = await startFunctionParts({}, kind);
    const called = { node, variables: agent.variables, event: buildChatEvent(agent.token) };
    const evaluated = await listEvaluated({ folder: copy(kind), ...called });
    await agent.close();
    expect(evaluated).toEqual([`${kind}.provider`, client].toSorted());
  });

  it('uses its code cache, and logs one line of its start and its first request', () => {
    const { stdout, stderr } = load(copy('fresh'), parts.variables);
    const texts = ['"Started and asking the ', 'Invalid id_token: token is missing', 'POST /chat 401'];
    const lines = texts.map((text) => expect.stringContaining(text));
    expect(stdout.split('\n')).toEqual([...lines, 'answered 401']);
    expect(stderr).toBe('');
  });

  it.each([
    ['that is cut short', (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 100_000))],
    ['that is not there', (file: string) => rmSync(file)],
  ])('compiles without a code cache %s, and says so in one line', (name, spoil) => {
    const target = copy(name);
    spoil(join(target, 'app.cache'));
    const { stdout, stderr } = load(target, parts.variables);
    expect(stdout).toContain('answered 401');
    expect(stderr.match(CACHE_REJECTED)).toHaveLength(1);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('ends with one line that names what is wrong with the configuration', () => {
    const { status, stdout, stderr } = load(copy('misconfigured'), {
      ...parts.variables,
      AGENT_ID: '',
      JWT_SECRET_KEY: 'short',
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'The configuration is not valid: JWT_SECRET_KEY must be at least 32 bytes; AGENT_ID is required with AGENT_ALIAS_ID\n',
    );
  });

  it('has another package beside it, which sweeps the table and logs one line', async () => {
    expect(readdirSync(`${folder}-sweep`).toSorted()).toEqual(['app.cache', 'app.js', 'lambda-sweep.mjs']);
    expect(await runSweep(copy('sweep', `${folder}-sweep`), parts.variables)).toEqual({
      stdout: expect.stringMatching(/^\{"level":"log".*"table swept","items":\d+,.*"isComplete":true.*\}\n$/),
      stderr: '',
    });
  });

  it('has four files, and nothing of this machine or of local mode', () => {
    expect(readdirSync(folder).toSorted()).toEqual(['app.cache', 'app.js', 'lambda-stream.mjs', 'lambda.mjs']);
    const app = readFileSync(join(folder, 'app.js'), 'latin1');
    expect(app).not.toContain(process.cwd());
    expect(app).not.toMatch(/dynalite|LOCALAGENT|DynamoSweep|TableScan/);
  });

  describeWithClient('behind npm run lambda -- serve', () => {
    let served: SpawnedServer;
    let url = '';
    let token = '';
    beforeAll(async () => {
      served = spawnServer(
        { JWT_SECRET_KEY: SECRET, TURNS_PER_MINUTE: '0', TURNS_AT_ONCE: '0' },
        { script: ['scripts/lambda.ts', 'serve', '--package', folder, '--node', node] },
      );
      [, url = '', token = ''] = await served.untilPrinted(/ready on (http:\S+)[^]*ID_TOKEN=(\S+)/);
      expectDescribedResponses(url);
    });
    afterAll(async () => {
      expect(await served.end('SIGTERM')).toBe(0);
    });

    it('streams to the AI SDK as the agent speaks', async () => {
      const [, ask] = AI_SDKS[0]!;
      const { message, states, errors } = await ask(url, token, 'Plan a weekend in Lisbon');
      expect(errors).toEqual([]);
      expect(states).toBeGreaterThan(5);
      const read = await fetch(`${url}/chats/${message!.metadata!.chat.id}`, { headers: { id_token: token } });
      const { chat } = (await read.json()) as { chat: { messages: { content: string }[] } };
      expect(message!.parts[0]).toMatchObject({ type: 'text', text: chat.messages[1]!.content });
      await expect(ask(url, '', 'Hello')).rejects.toThrow('Invalid id_token: token is missing');
    });

    it('ends with one line if its port is in use or its Node is missing', async () => {
      const serveWith = async (PORT: string, ...more: string[]) => {
        const other = spawnServer(
          { PORT, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
          { script: ['scripts/lambda.ts', 'serve', '--package', folder, ...more] },
        );
        expect(await other.exited).toBe(1);
        return other.printed.trim();
      };
      const { port } = new URL(url);
      expect(await Promise.all([serveWith(port), serveWith('0', '--node', '/no/node')])).toEqual([
        `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
        '/no/node cannot be run: ENOENT',
      ]);
    });

    it('stores the turn of a client that disconnects, at any event', async () => {
      const body = { prompt: 'Hello [[fault chunks bytes=60000 pause=10]]' };
      // start, text-start, four deltas, text-end, finish and [DONE].
      for (let events = 1; events <= 9; events += 1) {
        const key = { 'idempotency-key': `leaves-${events}` };
        const reader = await RawReader.send(url, body, key);
        await reader.readEvents(events);
        reader.leave();
        const repeat = () => readStream(url, body, { headers: key });
        let again = await repeat();
        // Another function answers while the turn runs.
        for (; again.status === 409; again = await repeat()) await wait(20);
        expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
        expect(again.text).toHaveLength(60_000);
      }
    });
  });

  describeWithClient('in the runtime client of Lambda', () => {
    const log: string[] = [];
    let logAtStart: string;
    let lambda: LocalFunction;
    beforeAll(async () => {
      lambda = await start(copy('client'), log, { more: { LOG_LEVEL: 'debug' } });
      for (let looks = 0; looks < 200 && !log.join('').includes('successfully started'); looks += 1) await wait(50);
      logAtStart = log.join('');
    });
    afterAll(() => lambda.stop());

    async function start(
      target: string,
      lines: string[],
      { by = node, more = {} }: { by?: string; more?: Readonly<Record<string, string>> } = {},
    ): Promise<LocalFunction> {
      const variables = { ...parts.variables, ...more };
      return startDescribedFunction({ folder: target, node: by, variables, log: (text) => lines.push(text) });
    }

    it.each(Object.keys(ANSWERS))('answers events/%s.json', async (name) => {
      await putOldChat(parts, name);
      const event = insertToken(readFileSync(`events/${name}.json`, 'utf8'), parts.token);
      const response = (await lambda.invoke(event)) as LambdaResponse;
      expect(answerTo(response)).toEqual(ANSWERS[name]);
    });

    it('answers every event of a request, and refuses all others', async () => {
      await expectAnswers(parts.token, async (event) => (await lambda.invoke(event)) as LambdaResponse);
    });

    it('takes its code cache with the flags that Lambda gives to Node', async () => {
      await lambda.invoke('{}');
      expect(log.join('')).not.toContain('codeCache');
    });

    it('reads a body as UTF-8, also if its charset names characters that are not in the package', async () => {
      const headers = { id_token: parts.token, 'content-type': 'application/json; charset=shift_jis' };
      const answer = (await lambda.invoke(JSON.stringify({ headers, body: { prompt: 7 } }))) as LambdaResponse;
      expect(answerTo(answer)).toEqual({ statusCode: 400, body: { error: `Field 'prompt' must be a string` } });
    });

    it.each(NODES)('answers on Node %s without a code cache that fits, and says so in one line', async (major) => {
      const target = copy(`refused-${major}`);
      writeFileSync(join(target, 'app.cache'), withOtherVersion(readFileSync(join(target, 'app.cache'))));
      const lines: string[] = [];
      const compiled = await start(target, lines, { by: await findNode(major) });
      const event = insertToken(readFileSync('events/event.json', 'utf8'), parts.token);
      expect(await compiled.invoke(event)).toMatchObject({ statusCode: 200 });
      await compiled.stop();
      expect(lines.join('').match(CACHE_REJECTED)).toHaveLength(1);
    });

    it('is ready before its first event', () => {
      // Only then does the framework log its start.
      expect(logAtStart).toContain('successfully started');
    });
  });
});
