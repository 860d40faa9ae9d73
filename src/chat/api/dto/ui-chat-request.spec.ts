import { describe, expect, it } from '@jest/globals';
import { isUiChatRequest, toUiPromptRequest } from './ui-chat-request.js';

const text = (...texts: unknown[]) => texts.map((each) => ({ type: 'text', text: each }));
const user = (id: string, ...texts: unknown[]) => ({ id, role: 'user', parts: text(...texts) });
const assistant = (id: string) => ({ id, role: 'assistant', parts: text('An answer') });

const PAGE = [
  user('page-1', 'One'),
  assistant('c:1'),
  user('c:2:user', 'Two'),
  assistant('c:3'),
  user('page-3', 'Three'),
];
const convert = (body: object) => toUiPromptRequest({ id: 'c', ...body }, 10);

describe('the body of the AI SDK', () => {
  it.each<[string, unknown, boolean]>([
    ['messages', { id: 'c', messages: [] }, true],
    ['a message', { id: 'c', message: {} }, true],
    ['a message, and messages that are null', { messages: null, message: {} }, true],
    ['a prompt too', { prompt: 'x', messages: [] }, false],
    ['a prompt that is null', { prompt: null, messages: [] }, false],
    ['messages that are null', { messages: null }, false],
    ['neither', { id: 'c' }, false],
    ['no body', undefined, false],
  ])('is one with %s: %#', (_, body, isUi) => {
    expect(isUiChatRequest(body)).toBe(isUi);
  });

  it('opens or continues the chat with its id', () => {
    expect(convert({ messages: PAGE })).toEqual({ prompt: 'Three', chatId: 'c', isNamed: true });
    expect(convert({ message: PAGE[4] })).toEqual({ prompt: 'Three', chatId: 'c', isNamed: true });
  });

  it('joins the texts of the last message, and ignores its other parts and fields', () => {
    const parts = [{ type: 'data-x', data: 1 }, ...text('a', '', 'b'), { type: 'reasoning', text: 'c' }, null, 'd'];
    expect(convert({ messages: [{ role: 'user', parts, extra: 1 }], tools: {} }).prompt).toBe('a\n\nb');
  });

  it.each<[string, object, number[] | undefined]>([
    ['an ordinary prompt', { trigger: 'submit-message' }, undefined],
    ['an ordinary prompt with an anchor', { after: 'c:1' }, undefined],
    ['an ordinary prompt with an anchor of another program', { after: 'page-1' }, undefined],
    ['a regenerated answer', { trigger: 'regenerate-message' }, [3, 2, 1]],
    ['an edited prompt', { trigger: 'submit-message', messageId: 'page-3' }, [3, 2, 1]],
    ['a prompt without a trigger', { messageId: 'page-3' }, [3, 2, 1]],
    ['no message id', { messageId: null }, undefined],
  ])('replaces what stands behind the messages before: %s', (_, fields, numbers) => {
    const { replacement } = convert({ messages: PAGE, ...fields });
    expect(replacement).toEqual(numbers && { kind: 'after', numbers });
  });

  it('names a turn once, and no message of another chat or program', () => {
    const ids = ['c:0', 'c:-1:user', 'c:1:user', 'c:1', 'd:2', 'c:03', 'c:+4', 'c:5:assistant', 'c:'];
    const before = [...ids.map(assistant), { role: 'user', parts: [] }, { id: 7 }, null, 'c:9'];
    const { replacement } = convert({ messages: [...before, user('c:8', 'x')], trigger: 'regenerate-message' });
    expect(replacement).toEqual({ kind: 'after', numbers: [1, -1, 0] });
  });

  it.each<[string, object, number[]]>([
    ['an anchor', { after: 'c:2' }, [2]],
    ['the message of a user', { after: 'c:2:user' }, [2]],
    ['no anchor', {}, []],
    ['null', { after: null }, []],
  ])('has a short form with %s', (_, fields, numbers) => {
    const { replacement } = convert({ message: PAGE[4], trigger: 'regenerate-message', ...fields });
    expect(replacement).toEqual({ kind: 'after', numbers, orOlder: true });
  });

  it.each<[string, object, string]>([
    ['messages that are no list', { messages: 'x' }, `Field 'messages' is invalid`],
    ['no messages', { messages: [] }, `Field 'messages' is invalid`],
    ['the message of an assistant', { messages: PAGE.slice(0, 2) }, `Field 'messages' is invalid`],
    ['one message of an assistant', { message: PAGE[1] }, `Field 'messages' is invalid`],
    ['a message that is no object', { messages: [null] }, `Field 'messages' is invalid`],
    ['no parts', { messages: [{ role: 'user' }] }, `Field 'prompt' is required`],
    ['no text', { messages: [{ role: 'user', parts: [{ type: 'step-start' }] }] }, `Field 'prompt' is required`],
    [
      'a part without its text',
      { messages: [{ role: 'user', parts: [{ type: 'text' }] }] },
      `Field 'prompt' is required`,
    ],
    ['blank texts', { messages: [user('u', ' ', '\n')] }, `Field 'prompt' is required`],
    ['a text that is none', { messages: [user('u', 'x', 7)] }, `Field 'prompt' must be a string`],
    ['a lone surrogate', { messages: [user('u', '\ud800')] }, `Field 'prompt' is invalid`],
    ['long texts', { messages: [user('u', 'xxxxx', 'yyyy')] }, `Field 'prompt' must be at most 10 characters`],
    ['no id', { messages: PAGE, id: undefined }, `Field 'id' is required`],
    ['an id that is null', { messages: PAGE, id: null }, `Field 'id' is required`],
    ['an empty id', { messages: PAGE, id: '' }, `Field 'id' is invalid`],
    ['an id with a #', { messages: PAGE, id: 'a#b' }, `Field 'id' is invalid`],
    ['an id that is no text', { messages: PAGE, id: 7 }, `Field 'id' is invalid`],
    ['two dots as an id', { messages: PAGE, id: '..' }, `Field 'id' is invalid`],
    ['the prompt before the id', { messages: [user('u')], id: 7 }, `Field 'prompt' is required`],
    ['an anchor of another chat', { message: PAGE[4], messageId: 'x', after: 'd:1' }, `Field 'after' is invalid`],
    ['an anchor that is no text', { message: PAGE[4], messageId: 'x', after: 1 }, `Field 'after' is invalid`],
  ])('is refused with %s', (_, body, error) => {
    expect(() => convert(body)).toThrow(error);
  });

  it('is refused with a file, whatever else is in it', () => {
    const file = { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,' };
    for (const texts of [[], text('x'), text(7)])
      expect(() => convert({ messages: [{ role: 'user', parts: [...texts, file] }] })).toThrow(
        'Attachments are not supported',
      );
  });

  it('may have files in the messages before its last', () => {
    const before = { id: 'c:1:user', role: 'user', parts: [{ type: 'file', url: 'x' }] };
    expect(convert({ messages: [before, user('u', 'x')] }).prompt).toBe('x');
  });
});
