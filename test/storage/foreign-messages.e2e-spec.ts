import { NumberValue } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { originalChat, putItem, readHead, readRemains } from '../support/chat-items.js';
import { collectErrorLines } from '../support/error-lines.js';

// Shorter than what the silence of the tests takes for a secret.
const ID = 'f';
const QUESTION = 'Where were we, please?';
const ANSWER = 'At the beginning, of course.';
const TALK: Shown = [
  ['user', QUESTION],
  ['assistant', ANSWER],
];
const PLAIN = [
  { role: 'user', content: QUESTION },
  { role: 'assistant', content: ANSWER },
];
const NANOSECONDS = NumberValue.from('1714557600123456789');
/** More digits than a double and a BigInt have. */
const DIGITS = NumberValue.from('1714557600123456789.0123456789');

type Shown = readonly (readonly [role: string, content: string])[];

/** Ways in which programs for chats write messages into a table, and what they say. */
const READABLE: readonly (readonly [name: string, attributes: object, shown: Shown])[] = [
  ['numbers with more digits than a double', { messages: PLAIN.map((each) => ({ ...each, ts: NANOSECONDS })) }, TALK],
  ['numbers with fractions of more digits', { messages: PLAIN.map((each) => ({ ...each, ts: DIGITS })) }, TALK],
  ['bytes, sets and nothing beside the text', { messages: PLAIN.map(addOddities) }, TALK],
  ['a JSON text', { messages: JSON.stringify(PLAIN) }, TALK],
  ['a JSON text of a JSON text', { messages: JSON.stringify(JSON.stringify(PLAIN)) }, TALK],
  ['a list of JSON texts', { messages: PLAIN.map((each) => JSON.stringify(each)) }, TALK],
  ['no messages: an empty list', { messages: [] }, []],
  ['no messages: null', { messages: null }, []],
  ['no messages: no attribute', {}, []],
  ['roles in capitals', { messages: PLAIN.map((each) => ({ ...each, role: each.role.toUpperCase() })) }, TALK],
  ['the roles human and bot', { messages: renamed('human', 'bot') }, TALK],
  [
    'the field text instead of content',
    { messages: PLAIN.map(({ role, content }) => ({ role, text: content })) },
    TALK,
  ],
  ['LangChain for Python', { History: inLangChain(PLAIN) }, TALK],
  ['LangChain for Python under another name', { messages: inLangChain(PLAIN) }, TALK],
  [
    'LangChain for JavaScript',
    { messages: PLAIN.map(({ role, content }) => ({ type: role === 'user' ? 'human' : 'ai', text: content })) },
    TALK,
  ],
  [
    'messages of LangChain with a role of their own',
    { messages: PLAIN.map(({ role, content }) => ({ type: 'chat', data: { role, content } })) },
    TALK,
  ],
  [
    'blocks of Bedrock Converse',
    { messages: PLAIN.map(({ role, content }) => ({ role, content: [{ text: content }] })) },
    TALK,
  ],
  [
    'blocks with a type',
    { messages: PLAIN.map(({ role, content }) => ({ role, content: [{ type: 'text', text: content }] })) },
    TALK,
  ],
  [
    'a text cut into blocks',
    { messages: [{ role: 'user', content: [{ text: 'Where were ' }, 'we, please?'] }, PLAIN[1]] },
    TALK,
  ],
  [
    'parts of Gemini',
    { messages: renamed('user', 'model').map(({ role, content }) => ({ role, parts: [{ text: content }] })) },
    TALK,
  ],
  [
    'parts of the AI SDK',
    {
      messages: [
        { role: 'user', parts: [{ type: 'text', text: QUESTION }] },
        {
          role: 'assistant',
          parts: [{ type: 'step-start' }, { type: 'reasoning', text: 'hm' }, { type: 'text', text: ANSWER }],
        },
      ],
    },
    TALK,
  ],
  [
    'a system prompt and tools, which are not the words of either',
    {
      messages: [
        { role: 'system', content: 'You are terse.' },
        PLAIN[0],
        { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'find', input: {} } }] },
        { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ text: 'found' }] } }] },
        { role: 'tool', content: 'found' },
        PLAIN[1],
      ],
    },
    TALK,
  ],
  [
    'tools of LangChain',
    {
      History: [
        ...inLangChain([
          { role: 'system', content: 'You are terse.' },
          { role: 'user', content: QUESTION },
        ]),
        { type: 'ai', data: { content: '', tool_calls: [{ name: 'find' }] } },
        { type: 'tool', data: { content: 'found' } },
        {
          type: 'AIMessageChunk',
          data: {
            content: [
              { type: 'tool_use', id: 't' },
              { type: 'text', text: ANSWER },
            ],
          },
        },
      ],
    },
    TALK,
  ],
  [
    'serialised by LangChain',
    {
      messages: PLAIN.map(({ role, content }) => ({
        lc: 1,
        type: 'constructor',
        id: ['langchain_core', 'messages', role === 'user' ? 'HumanMessage' : 'AIMessageChunk'],
        kwargs: { content, additional_kwargs: {} },
      })),
    },
    TALK,
  ],
  [
    'serialised by LangChain with roles of their own',
    {
      messages: PLAIN.map((message) => ({
        lc: 1,
        type: 'constructor',
        id: ['langchain', 'schema', 'messages', 'ChatMessage'],
        kwargs: message,
      })),
    },
    TALK,
  ],
  [
    'an answer of OpenAI with calls alone',
    { messages: [PLAIN[0], { role: 'assistant', content: null }, PLAIN[1]] },
    TALK,
  ],
];

/** Messages that can mean several things, or nothing. The path says where reading ended. */
const UNREADABLE: readonly (readonly [name: string, attributes: object, path: string])[] = [
  ['a text that is not JSON', { messages: "[{'role': 'user', 'content': 'Where were we, please?'}]" }, 'messages'],
  ['JSON without a list', { messages: JSON.stringify({ first: PLAIN[0] }) }, 'messages'],
  ['bytes', { messages: Buffer.from(JSON.stringify(PLAIN)) }, 'messages'],
  ['a set, which has no order', { messages: new Set(PLAIN.map((each) => JSON.stringify(each))) }, 'messages'],
  ['a map', { messages: { first: PLAIN[0] } }, 'messages'],
  ['a number', { messages: 7 }, 'messages'],
  ['texts without roles', { messages: [QUESTION, ANSWER] }, 'messages[0]'],
  ['nothing instead of a message', { messages: [PLAIN[0], null] }, 'messages[1]'],
  ['no role', { messages: [{ content: QUESTION }] }, 'messages[0].role'],
  ['an unknown role', { messages: [PLAIN[0], { role: 'moderator', content: ANSWER }] }, 'messages[1].role'],
  ['a role that is no text', { messages: [{ role: 1, content: QUESTION }] }, 'messages[0].role'],
  ['no content', { messages: [{ role: 'user', body: QUESTION }] }, 'messages[0].content'],
  ['content of bytes', { messages: [{ role: 'user', content: Buffer.from(QUESTION) }] }, 'messages[0].content'],
  ['a block of an unknown type', inBlock({ type: 'poll', options: [QUESTION] }), 'messages[0].content'],
  ['a block with blocks inside', inBlock({ type: 'paragraph', children: [{ text: QUESTION }] }), 'messages[0].content'],
  ['a text block without a text', inBlock({ type: 'text', content: QUESTION }), 'messages[0].content'],
  [
    'no class of LangChain',
    { messages: [{ lc: 1, type: 'constructor', kwargs: { content: QUESTION } }] },
    'messages[0].role',
  ],
  ['content of a number', { messages: [{ role: 'user', content: 7 }] }, 'messages[0].content'],
  ['content of a map', { messages: [{ role: 'user', content: { said: QUESTION } }] }, 'messages[0].content'],
  ['a block of unknown form', { messages: [{ role: 'user', content: [{ said: QUESTION }] }] }, 'messages[0].content'],
  ['an unknown role in LangChain', { History: [{ type: 'guest', data: { content: QUESTION } }] }, 'History[0].role'],
];

/** Forms of which each is stored in its own way, or tells the agent something else. */
const CONTINUED = READABLE.filter(([name]) =>
  [
    'numbers with fractions of more digits',
    'bytes, sets and nothing beside the text',
    'a JSON text',
    'no messages: null',
    'no messages: no attribute',
    'LangChain for Python',
    'a system prompt and tools, which are not the words of either',
  ].includes(name),
);

/** One of a text, of the blocks of messages and of the other attribute. */
const REFUSED = UNREADABLE.filter(([name]) =>
  ['a text that is not JSON', 'a block of an unknown type', 'an unknown role in LangChain'].includes(name),
);

function inBlock(block: object): object {
  return { messages: [{ role: 'user', content: [block] }] };
}

function inLangChain(messages: readonly { role: string; content: string }[]): object[] {
  const types: Readonly<Record<string, string>> = { user: 'human', assistant: 'ai', system: 'system' };
  return messages.map(({ role, content }) => {
    const type = types[role];
    return {
      type,
      data: { content, additional_kwargs: {}, response_metadata: {}, type, name: null, id: null, example: false },
    };
  });
}

function renamed(user: string, assistant: string): { role: string; content: string }[] {
  return PLAIN.map(({ role, content }) => ({ role: role === 'user' ? user : assistant, content }));
}

function addOddities(message: object): object {
  return { ...message, raw: Buffer.from([0, 255]), tags: new Set(['a']), scores: new Set([1, 2]), nothing: null };
}

describe('messages that other programs wrote', () => {
  const errors = collectErrorLines();
  let app: ChatApp;
  beforeAll(async () => {
    app = await startChatApp();
  });
  afterAll(() => app.close());

  let count = 0;
  /** Puts a chat of another program. @returns its id. */
  async function put(attributes: object): Promise<string> {
    const id = `${ID}-${(count += 1)}`;
    const { messages: _, ...chat } = originalChat(id, []);
    await putItem(app, { ...chat, ...attributes, id, user_id: 'alice' });
    return id;
  }
  const toLine = (chat: string, attribute: string) => ({
    message: { status: 500, error: { name: 'UnreadableItemError', item: { chat, part: 'head', attribute } } },
  });
  const show = (messages: readonly { role: string; content: string }[]) =>
    messages.map(({ role, content }) => [role, content]);

  it.each(READABLE)('are read if they are %s', async (_, attributes, shown) => {
    const id = await put(attributes);
    expect(show((await app.read(id).expect(200)).body.chat.messages)).toEqual(shown);
    expect(errors).toEqual([]);
  });

  it.each(CONTINUED)('are told to the agent, and removed, if they are %s', async (_, attributes, shown) => {
    const id = await put(attributes);
    const { body } = await app.chat({ prompt: 'Go on', chat_id: id }).expect(200);
    expect(show(body.chat.messages).slice(0, -2)).toEqual(shown);
    const told = app.agent.invocations.at(-1)?.conversationHistory ?? [];
    expect(told.map(({ role, text }) => [role, text])).toEqual(shown);
    expect(await readHead(app, id)).not.toHaveProperty('open');

    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it.each(UNREADABLE)('are refused by one clear 500 if they are %s', async (_, attributes, path) => {
    const id = await put(attributes);
    const { body } = await app.read(id).set('x-request-id', 'r1').expect(500);
    expect(body).toEqual({ error: 'Internal server error', message: 'Report this; request id r1' });
    expect(errors).toMatchObject([toLine(id, path)]);
  });

  it.each(REFUSED)('refuse a turn, but no delete, if they are %s', async (_, attributes, path) => {
    const id = await put(attributes);
    await app.messages(id).expect(500);
    expect(errors).toMatchObject([toLine(id, path)]);

    const before = app.agent.invocations.length;
    await app.chat({ prompt: 'Go on', chat_id: id }).expect(500);
    expect(app.agent.invocations).toHaveLength(before);
    expect(await readHead(app, id)).not.toHaveProperty('open');
    await app.chat({ prompt: 'Go on again', chat_id: id }).expect(500);
    expect(errors).toHaveLength(3);

    await app.remove(id).expect(204);
    expect(await readRemains(app, id)).toEqual([]);
    await app.read(id).expect(404);
  });

  it('give a chat without a title the first words of the user', async () => {
    const id = await put({ title: null, messages: JSON.stringify([{ role: 'system', content: 'x' }, ...PLAIN]) });
    expect((await app.read(id).expect(200)).body.chat.title).toBe(QUESTION);
  });
});
