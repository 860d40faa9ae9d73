import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { streamReply } from '../../src/chat/api/ui-stream/stream-reply.js';
import { toTurnIds } from '../../src/chat/model/turn-ids.js';
import type { Reply } from '../../src/chat/service/reply.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { type CompressingProxy, startCompressingProxy } from '../support/compressing-proxy.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { tokenOf } from '../support/tokens.js';
import { RawReader } from '../support/raw-reader.js';
import { startServerParts } from '../support/server-parts.js';
import { killServers, startServer } from '../support/spawned-server.js';
import { readStream, WHOLE, type WholeStream } from '../support/ui-stream.js';

/** A stream that is held back would wait for ever. */
const PATIENCE_MILLISECONDS = 30_000;
const CHAT = { id: 'c', userId: 'u', title: 't', createdAt: 'then', updatedAt: 'now', isRunning: false, messages: [] };
const REPLY: Reply = {
  text: 'said at last',
  ids: toTurnIds('c', 1),
  citations: [],
  reason: 'stop',
  usage: undefined,
  chat: CHAT,
  isReplay: false,
};

/** A response that is read piece by piece. */
class PieceReader {
  text = '';
  private readonly pieces: AsyncIterator<string>;

  constructor(readonly response: Response) {
    this.pieces = response.body!.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  }

  /** Reads until the body has a text, or ends. */
  async readUntil(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      const { value, done } = await this.pieces.next();
      if (done) return;
      this.text += value;
    }
  }
}

describe('behind a proxy that compresses', () => {
  let stepped: SteppedAgent;
  let app: ChatApp;
  let proxy: CompressingProxy;
  let plain: Server;
  let plainProxy: CompressingProxy;

  beforeAll(async () => {
    stepped = await startSteppedAgent();
    app = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint });
    proxy = await startCompressingProxy(app.url);
    plain = createServer();
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    plainProxy = await startCompressingProxy(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
  });
  afterEach(() => void plain.removeAllListeners('request'));
  afterAll(async () => {
    stepped.close();
    plain.close();
    await Promise.all([proxy.close(), plainProxy.close()]);
    plain.closeAllConnections();
    await app.close();
  });

  async function open(path: string, prompt: unknown): Promise<PieceReader> {
    const headers = { id_token: tokenOf('alice'), 'content-type': 'application/json' };
    return new PieceReader(
      await fetch(`${proxy.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ prompt }) }),
    );
  }
  async function openPlain(listener: RequestListener): Promise<PieceReader> {
    plain.on('request', listener);
    return new PieceReader(await fetch(plainProxy.url));
  }

  it('a response is compressed, but no stream', async () => {
    const { response } = await open('/chat', 7);
    expect([response.status, response.headers.get('content-encoding')]).toEqual([400, 'gzip']);
  });

  it('another stream is held back until it ends', async () => {
    let isEnded = false;
    const reader = await openPlain((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write('data: first\n\n');
      setTimeout(() => {
        isEnded = true;
        response.end();
      }, 200);
    });
    await reader.readUntil('first');
    expect(isEnded).toBe(true);
  });

  it(
    'the stream of a turn sends each delta before the agent sends the next chunk',
    async () => {
      const opening = open('/chat/stream', 'count');
      for (let chunk = 0; chunk < 5; chunk += 1) {
        await stepped.say(`<${chunk}>`);
        // The agent says nothing more until this is here.
        await (await opening).readUntil(`"delta":"<${chunk}>"`);
      }
      stepped.end();
      const reader = await opening;
      await reader.readUntil('[DONE]\n\n');
      expect(reader.text).toMatch(/data: \[DONE\]\n\n$/);
      expect(reader.response.headers.get('content-encoding')).toBeNull();
      expect(reader.response.headers.get('cache-control')).toBe('no-store, no-transform');
    },
    PATIENCE_MILLISECONDS,
  );

  it(
    'the stream of a silent agent opens, and its comments come through',
    async () => {
      let say!: () => void;
      const said = new Promise<void>((resolve) => (say = resolve));
      const runTurn = async () => {
        await said;
        return REPLY;
      };
      const timeouts = { firstByteTimeout: 50, keepAliveInterval: 50 };
      const reader = await openPlain((_, response) => void streamReply(response, runTurn, timeouts));
      // The agent is silent until both comments are here.
      await reader.readUntil(': keep-alive\n\n: keep-alive\n\n');
      say();
      await reader.readUntil('[DONE]\n\n');
      expect(reader.text).toMatch(/"finish"[^]*data: \[DONE\]\n\n$/);
    },
    PATIENCE_MILLISECONDS,
  );
});

/** An event or a comment, with its time in milliseconds since the request. */
interface TimedBlock {
  readonly block: string;
  readonly at: number;
}

/** A server that got a signal while two turns were running. */
interface EndedServer {
  /** A turn that takes a second. */
  readonly short: WholeStream;
  /** A turn whose agent sends nothing more. */
  readonly silent: WholeStream;
  /** How long it took to end, in milliseconds. */
  readonly took: number;
  readonly exitCode: number | null;
}

describe('the times of a stream', () => {
  let app: ChatApp;
  let steppedApp: ChatApp;
  let stepped: SteppedAgent;
  // These only wait. They run beside the other tests and are checked last.
  let afterSilence: Promise<TimedBlock[]>;
  let ended: Promise<EndedServer>;

  beforeAll(async () => {
    stepped = await startSteppedAgent();
    app = await startChatApp();
    steppedApp = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint });
    afterSilence = readInTime(app.url, 'hello [[fault delay ms=26000]]');
    ended = endServer();
    for (const running of [afterSilence, ended]) running.catch(() => undefined);
  });
  afterAll(async () => {
    stepped.close();
    await Promise.all([app.close(), steppedApp.close(), killServers()]);
  });

  it('sends each delta before the agent sends the next chunk', async () => {
    const reader = await RawReader.send(steppedApp.url, { prompt: 'count' });
    for (let chunk = 0; chunk < 20; chunk += 1) {
      await stepped.say(`<${chunk}>`);
      // start, text-start and the deltas. The agent sends nothing more until they are here.
      await reader.readEvents(3 + chunk);
      expect(reader.text).toContain(`"delta":"<${chunk}>"`);
    }
    expect(reader.text).not.toContain('text-end');
    stepped.end();
    await reader.readRest();
    expect(reader.text).toMatch(/"text-end"[^]*"finish"[^]*data: \[DONE\]/);
  });

  it('ends with its turn when the server stops, within the grace for running turns', async () => {
    const { short, silent, took, exitCode } = await ended;
    expect([short.outline, short.isDone]).toEqual([WHOLE, true]);
    expect(short.events.at(-1)).toMatchObject({ finishReason: 'stop' });
    expect([silent.outline.slice(-2), silent.isDone]).toEqual([['error', 'finish'], true]);
    expect(silent.events.at(-2)).toEqual({ type: 'error', errorText: 'The agent is unavailable' });
    expect(silent.events.at(-1)).toMatchObject({ finishReason: 'error' });
    // The grace is 10 s. After 12 s the server cuts connections.
    expect(took).toBeGreaterThan(9_900);
    expect(took).toBeLessThan(14_000);
    expect(exitCode).toBe(0);
  });

  it('opens with a comment after 10 s of silence, and sends a comment every 15 s', async () => {
    const blocks = await afterSilence;
    const at = (found: (block: string) => boolean) => blocks.filter(({ block }) => found(block)).map((one) => one.at);
    const comments = at((block) => block === ': keep-alive');
    expect(blocks[0]?.block).toBe(': keep-alive');
    expect(blocks[1]?.block).toContain('"type":"start"');
    expect(comments).toHaveLength(2);
    expect(comments[0]).toBeGreaterThan(9_900);
    expect(comments[0]).toBeLessThan(14_000);
    expect(comments[1]! - comments[0]!).toBeGreaterThan(14_900);
    expect(comments[1]! - comments[0]!).toBeLessThan(18_000);
    expect(at((block) => block.includes('text-start'))[0]).toBeGreaterThan(25_900);
    expect(blocks.at(-1)?.block).toBe('data: [DONE]');
  });
});

async function readInTime(url: string, prompt: string): Promise<TimedBlock[]> {
  const begun = performance.now();
  const response = await fetch(`${url}/chat/stream`, {
    method: 'POST',
    headers: { id_token: tokenOf('alice'), 'content-type': 'application/json' },
    body: JSON.stringify({ prompt }),
  });
  const blocks: TimedBlock[] = [];
  let rest = '';
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const at = performance.now() - begun;
    const whole = (rest + piece).split('\n\n');
    rest = whole.pop()!;
    blocks.push(...whole.map((block) => ({ block, at })));
  }
  return blocks;
}

async function endServer(): Promise<EndedServer> {
  const parts = await startServerParts();
  const server = await startServer(parts.variables);
  const reading = Promise.all([
    readStream(server.url, { prompt: 'hello [[fault chunks bytes=65536 pause=300]]' }),
    readStream(server.url, { prompt: 'hello [[fault silence after=2]]' }),
  ]);
  while (parts.agent.invocations.length < 2) await wait(10);
  // Both streams have started by now.
  await wait(400);
  const begun = performance.now();
  const exitCode = await server.end('SIGTERM');
  const took = performance.now() - begun;
  const [short, silent] = await reading;
  await parts.close();
  return { short, silent, took, exitCode };
}
