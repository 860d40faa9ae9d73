import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as ai5 from 'ai-5';
import * as ai6 from 'ai';
import { type ChatApp, startChatApp, tokenOf } from './support/chat-app.js';
import { frontendSnippet } from './support/docs-snippet.js';
import { typeFaultsOf } from './support/snippet-types.js';

const run = promisify(execFile);
describe('docs/frontends.md', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  const variables = () => ({ PATH: process.env['PATH'], API: app.url, ID_TOKEN: tokenOf('alice') });

  it('has a fetch that prints the answer as it comes', async () => {
    const code = `const { API, ID_TOKEN } = process.env;\n${frontendSnippet('js')}`;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], { env: variables() });
    const { messages } = (await app.read(stderr.trim()).expect(200)).body.chat;
    expect(stdout).toBe(messages[1].content);
  });

  it('has a fetch that throws what went wrong, before the answer and in it', async () => {
    const failing = (words: string) =>
      run(process.execPath, ['--input-type=module', '-e', `const { API, ID_TOKEN } = process.env;\n${words}`], {
        env: variables(),
      });
    const torn = frontendSnippet('js').replace('Plan a weekend', 'Plan [[fault torn after=2]]');
    await expect(failing(torn)).rejects.toThrow('The agent failed');
    await expect(failing(frontendSnippet('js').replace('ID_TOKEN,', `'',`))).rejects.toThrow('token is missing');
  });

  it('has a curl that prints the events', async () => {
    const { stdout } = await run('bash', ['-c', frontendSnippet('sh')], { env: variables() });
    expect(stdout).toMatch(/^data: {"type":"start"/);
    expect(stdout).toMatch(/data: \[DONE\]\n\n$/);
  });

  it('has a component whose types are right, as far as the compiler sees', () => {
    const code = frontendSnippet('tsx');
    const [faults, faultsOfWrongCode] = typeFaultsOf(code, code.replace('part.url', 'part.link'));
    expect(faults).toEqual([]);
    expect(faultsOfWrongCode).not.toEqual([]);
  });

  it.each([
    ['6', ai6],
    ['5', ai5 as unknown as typeof ai6],
  ])('has a transport for useChat that goes on with its chat, with the AI SDK %s', async (_, sdk) => {
    const [expression = ''] =
      /new DefaultChatTransport<ChatMessage>\(\{[\s\S]*?\n {6}\}\)/.exec(frontendSnippet('tsx')) ?? [];
    const textOf = ({ parts }: { parts: { text: string }[] }) => parts.map(({ text }) => text).join('');
    const values = { textOf, DefaultChatTransport: sdk.DefaultChatTransport, api: app.url, idToken: tokenOf('alice') };
    const transport = runInNewContext(expression.replace('<ChatMessage>', ''), values);
    const messages: object[] = [];
    const say = async (text: string) => {
      messages.push({ id: text, role: 'user', parts: [{ type: 'text', text }] });
      const stream = await transport.sendMessages({ trigger: 'submit-message', chatId: 'x', messages });
      let answer: { metadata?: { chat: { id: string } } } = {};
      for await (const state of sdk.readUIMessageStream({ stream })) answer = state as typeof answer;
      messages.push(answer);
      return answer.metadata!.chat.id;
    };
    const id = await say('My name is Ada');
    expect(await say('What did I say first?')).toBe(id);
    expect((await app.read(id).expect(200)).body.chat.messages).toHaveLength(4);
  });
});
