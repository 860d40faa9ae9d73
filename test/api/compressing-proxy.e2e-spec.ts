import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { streamReply } from '../../src/chat/api/ui-stream/stream-reply.js';
import { toTurnIds } from '../../src/chat/model/turn-ids.js';
import type { Reply } from '../../src/chat/service/reply.js';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { type GzipProxy, startGzipProxy } from '../support/gzip-proxy.js';
import { type SteppedAgent, startSteppedAgent } from '../support/stepped-agent.js';
import { tokenOf } from '../support/tokens.js';

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
  let proxy: GzipProxy;
  let plain: Server;
  let plainProxy: GzipProxy;

  beforeAll(async () => {
    stepped = await startSteppedAgent();
    app = await startChatApp({ AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: stepped.endpoint });
    proxy = await startGzipProxy(app.url);
    plain = createServer();
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    plainProxy = await startGzipProxy(`http://127.0.0.1:${(plain.address() as AddressInfo).port}`);
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
      const timeouts = { firstByteTimeout: 50, keepAliveInterval: 50, drainTimeout: 20_000 };
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
