import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { docsSnippet, docsSnippets, frontendSnippet } from '../support/docs-snippet.js';
import { typeFaultsOf } from '../support/snippet-types.js';
import { tokenOf } from '../support/tokens.js';

const run = promisify(execFile);
describe('the code of docs/frontends.md and docs/streams.md', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const variables = () => ({ PATH: process.env['PATH'], API: app.url, ID_TOKEN: tokenOf('alice') });

  const runFetch = (code: string, env: Record<string, string | undefined> = variables()) =>
    run(process.execPath, ['--input-type=module', '-e', code], { env });

  it('has a fetch that runs in Node as it is, and prints the reply as it comes', async () => {
    const { stdout, stderr } = await runFetch(frontendSnippet('js'));
    const { messages } = (await app.read(stderr.trim()).expect(200)).body.chat;
    expect(stdout).toBe(messages[1].content);
  });

  it('has a fetch that throws what went wrong, before the reply and in it', async () => {
    const torn = frontendSnippet('js').replace('Plan a weekend', 'Plan [[fault torn after=2]]');
    await expect(runFetch(torn)).rejects.toThrow('The agent failed');
    const noToken = { ...variables(), ID_TOKEN: '' };
    await expect(runFetch(frontendSnippet('js'), noToken)).rejects.toThrow('token is missing');
  });

  it('has a fetch that stops the agent', async () => {
    const code = frontendSnippet('js').replace('a weekend', '[[fault silence after=2]]');
    const reading = spawn(process.execPath, ['--input-type=module', '-e', code], { env: variables() });
    const [ended, errors] = [once(reading, 'close'), text(reading.stderr)];
    await once(reading.stdout, 'data');
    reading.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    const [chatId = '', ...others] = (await errors).trim().split('\n');
    expect(others).toEqual(['Stopped']);
    const { messages } = (await app.read(chatId).expect(200)).body.chat;
    expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', status: 'stopped' }]);
  });

  it('has a fetch that does not take a reply for complete that was cut on its way', async () => {
    const gateway = createServer((_, response) => {
      response.end('data: {"type":"text-delta","id":"answer","delta":"Hel"}\n\n');
    });
    gateway.listen(0, '127.0.0.1');
    await once(gateway, 'listening');
    const API = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
    const reading = runFetch(frontendSnippet('js'), { ...variables(), API });
    await expect(reading.finally(() => gateway.close())).rejects.toThrow('The reply has broken off');
  });

  it('has a component whose types are right, and so have docs/api.md, docs/asking-anew.md and docs/ui-kits.md', () => {
    const code = frontendSnippet('tsx');
    const client = docsSnippet('docs/api.md', 'ts');
    const transports = docsSnippets('docs/asking-anew.md', 'ts').join('\n');
    const kit = docsSnippet('docs/ui-kits.md', 'tsx');
    const [faults, faultsOfClient, faultsOfTransports, faultsOfKit, ...others] = typeFaultsOf(
      code,
      client,
      transports,
      kit,
      code.replace('{part.text}', '{part.words}'),
      client.replace('{ prompt }', '{ question: prompt }'),
    );
    expect([faults, faultsOfClient, faultsOfTransports, faultsOfKit]).toEqual([[], [], [], []]);
    expect(others).toEqual([[expect.anything()], [expect.anything()]]);
  });
});
