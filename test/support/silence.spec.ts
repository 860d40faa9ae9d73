import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { listenFor } from './silence-listener.js';
import { Silence } from './silence.js';

const PROMPT = 'What is "said" in confidence\nstays there';

describe('Silence', () => {
  let sut: Silence;
  beforeEach(() => {
    sut = new Silence();
  });

  it.each([
    ['a text', PROMPT],
    ['its beginning', PROMPT.slice(0, 24)],
    ['a text inside JSON', JSON.stringify({ message: PROMPT })],
    ['a text inside JSON inside JSON', JSON.stringify({ message: JSON.stringify({ prompt: 'Confidential matters' }) })],
  ])('finds %s', (_, written) => {
    sut.keep(PROMPT, 'Confidential matters');
    sut.wrote('a log', `before ${written} after`);
    expect(sut.leaks()).toEqual([expect.stringMatching(/^a log: /)]);
  });

  it.each(['eyJhbGciOiJIUzI1NiJ9', 'arn:aws:bedrock:us-east-1:1:agent/A', 'alice@example.com'])(
    'finds %s without being told',
    (text) => {
      sut.wrote('a log', text);
      expect(sut.leaks()).toHaveLength(1);
    },
  );

  it('finds what was written in two pieces, and before it was known to be secret', () => {
    sut.wrote('a log', PROMPT.slice(0, 10));
    sut.wrote('a log', PROMPT.slice(10));
    sut.keep(PROMPT);
    expect(sut.leaks()).toHaveLength(1);
  });

  it('finds nothing where nothing was written', () => {
    sut.keep(PROMPT, 'Chat', '');
    sut.wrote('a log', 'POST /chat 200 12 ms; Chat not found');
    expect(sut.leaks()).toEqual([]);
  });
});

describe('listenFor', () => {
  let server: Server;
  let url: string;
  let sut: Silence;
  let stop: () => void;

  beforeAll(async () => {
    server = createServer((message, response) => message.resume().on('end', () => response.end('{}')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.close();
    await once(server, 'close');
  });
  beforeEach(() => {
    sut = new Silence();
    stop = listenFor(sut);
  });

  async function post(body: object, headers: Record<string, string> = {}): Promise<void> {
    const sent = request(url, { method: 'POST', headers }).end(JSON.stringify(body));
    await new Promise((resolve) => sent.on('response', (response) => response.resume().on('end', resolve)));
  }
  const log = (message: string) => process.stdout.write(`${JSON.stringify({ level: 'log', message })}\n`);

  it.each<[string, object, Record<string, string>]>([
    ['a prompt', { prompt: PROMPT }, {}],
    ['what the agent is asked', { inputText: PROMPT }, {}],
    ['what is stored', { Item: { any: { S: PROMPT } } }, {}],
    ['a key', {}, { 'idempotency-key': 'Confidential matters' }],
    ['a token', {}, { id_token: 'header.payload.Confidential-signature' }],
  ])('hears %s on its way, and finds it in the log', async (_, body, headers) => {
    await post(body, headers);
    expect(sut.leaks()).toEqual([]);
    log(`${PROMPT} Confidential matters Confidential-signature`);
    stop();
    expect(sut.leaks()).not.toEqual([]);
  });

  it('hears nothing more once it was ended', async () => {
    stop();
    await post({ prompt: PROMPT });
    sut.wrote('a log', PROMPT);
    expect(sut.leaks()).toEqual([]);
  });
});
