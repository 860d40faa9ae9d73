import { Logger, type LoggerService } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { setAttribute } from '../support/chat-items.js';
import { readStream } from '../support/ui-stream.js';
import { turnSortKey } from '../../src/chat/storage/items/turn-keys.js';

const UNSAFE = [
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'file:///etc/passwd',
  'https://user:pass@example.com/',
  's3://AKIAEXAMPLE:secret@bucket/key',
];
const SAFE = ['https://example.com/a', 's3://bucket/b.pdf'];

/** A reference of a knowledge base to a page of the web. */
const toReference = (url: string, text = 'x') => ({
  content: { text },
  location: { type: 'WEB', webLocation: { url } },
  metadata: { title: `T ${url.length}` },
});

describe('the citations of a reply', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterEach(() => Logger.overrideLogger(false));
  afterAll(() => app.close());

  /** Lets the agent cite these references in its next reply. */
  function cite(...retrievedReferences: readonly object[]): void {
    app.agent.enqueue({ type: 'chunks', chunks: ['Hello', { citations: [{ retrievedReferences }] }] });
  }
  /** The texts in which a caller may see an address. */
  async function readEverywhere(key: string): Promise<string[]> {
    const headers = { 'idempotency-key': key };
    const live = await readStream(app.url, { prompt: 'Hi' }, { headers });
    const replay = await readStream(app.url, { prompt: 'Hi' }, { headers });
    const { text } = await app.chat({ prompt: 'Hi' }, 'alice', headers).expect(200);
    const chatId = live.events[0]!.messageMetadata!.chat.id;
    return [live.raw, replay.raw, text, (await app.read(chatId)).text, (await app.messages(chatId)).text];
  }

  it('have only addresses that a page can show, in every response and stream', async () => {
    cite(...[...UNSAFE, ...SAFE].map((url) => toReference(url)));
    const [live, ...others] = await readEverywhere('unsafe addresses');
    for (const text of [live, ...others]) {
      for (const uri of UNSAFE) expect(text).not.toContain(uri);
      for (const uri of SAFE) expect(text).toContain(uri);
    }
    const sources = [...String(live).matchAll(/"type":"source-(url|document)"/g)].map(([, type]) => type);
    // A source without an address still has its title.
    expect(sources).toEqual([...UNSAFE.map(() => 'document'), 'url', 'document']);
  });

  it('have no other address either if an older version has stored it', async () => {
    cite(toReference('https://example.com/old'));
    const { chat } = (await app.chat({ prompt: 'Hi' }, 'alice', { 'idempotency-key': 'old' }).expect(200)).body;
    const [unsafe = ''] = UNSAFE;
    const key = { id: chat.id, user_id: turnSortKey('alice', 1) };
    await setAttribute(app, key, 'citations', [{ uri: unsafe }, { title: '\u202EA', uri: unsafe, start: 1 }, {}]);
    const replay = await readStream(app.url, { prompt: 'Hi' }, { headers: { 'idempotency-key': 'old' } });
    const read = await app.read(chat.id);
    expect(read.body.chat.messages[1].citations).toEqual([{ title: 'A', start: 1 }]);
    for (const text of [replay.raw, read.text]) expect(text).not.toContain(unsafe);
  });

  it('are none if they name no source', async () => {
    cite({}, { metadata: { title: ' ' }, content: { text: '' } });
    const { chat } = (await app.chat({ prompt: 'Hi' }).expect(200)).body;
    expect(chat.messages[1]).not.toHaveProperty('citations');
    cite({});
    expect((await readStream(app.url, { prompt: 'Hi' })).outline).not.toContain('source-document');
  });

  it('are cut between characters', async () => {
    cite(toReference('https://example.com/', `${'a'.repeat(499)}😀 more`));
    const { chat } = (await app.chat({ prompt: 'Hi' }).expect(200)).body;
    expect(chat.messages[1].citations[0].snippet).toBe('a'.repeat(499));
  });

  it('do not include files of the code interpreter, which leave one line in the log', async () => {
    const lines: unknown[] = [];
    Logger.overrideLogger({
      warn: (line: unknown) => void lines.push(line),
      log: () => undefined,
    } as unknown as LoggerService);
    const file = { name: 'secret.csv', type: 'text/csv', bytes: Buffer.from('a,b') };
    app.agent.enqueue({ type: 'chunks', chunks: ['Here ', { files: [file, file] }, 'it is', { files: [file] }] });
    const { body } = await app.chat({ prompt: 'Hi' }).expect(200);
    expect(body.response).toBe('Here it is');
    expect(lines).toEqual(['Files of the reply that are not passed on: 3']);
    expect(JSON.stringify(body)).not.toContain('secret.csv');
  });
});
