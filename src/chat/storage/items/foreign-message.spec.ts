import { describe, expect, it } from '@jest/globals';
import { readForeignMessages } from './foreign-message.js';

const QUESTION = 'Where were we, please?';
const ANSWER = { role: 'assistant', content: 'At the beginning, of course.' };

/** One text of the user in the forms of other programs. */
const WORDS: readonly (readonly [name: string, message: object])[] = [
  ['an empty text in content beside parts', { content: '', parts: [{ type: 'text', text: QUESTION }] }],
  ['null in content beside text', { content: null, text: QUESTION }],
  ['an empty list in content beside text', { content: [], text: QUESTION }],
  ['blocks without words in content beside text', { content: [{ type: 'image' }], text: QUESTION }],
  ['an empty text beside blocks', { text: '', content: [{ text: QUESTION }] }],
  ['a block of type markdown', { content: [{ type: 'markdown', text: QUESTION }] }],
  ['a block of type paragraph', { content: [{ type: 'paragraph', text: QUESTION }] }],
  ['a refusal', { content: null, refusal: QUESTION }],
  ['a block with a refusal', { content: [{ type: 'refusal', refusal: QUESTION }] }],
  ['the text of a spoken answer', { content: null, audio: { id: 'audio_1', transcript: QUESTION } }],
  ['a block with the text of a spoken answer', { content: [{ type: 'output_audio', transcript: QUESTION }] }],
  ['a block with citations of Bedrock', { content: [{ citationsContent: { content: [{ text: QUESTION }] } }] }],
  ['a block for a guardrail of Bedrock', { content: [{ guardContent: { text: { text: QUESTION } } }] }],
  ['a text of OpenAI Assistants', { content: [{ type: 'text', text: { value: QUESTION, annotations: [] } }] }],
  ['a thought of Gemini and its words', { parts: [{ text: 'hm', thought: true }, { text: QUESTION }] }],
];

/** Messages of the assistant without words. */
const WORDLESS: readonly (readonly [name: string, message: object])[] = [
  ['calls of tools without content', { role: 'assistant', tool_calls: [{ id: 'c', type: 'function' }] }],
  ['a call of a function without content', { role: 'assistant', function_call: { name: 'find' } }],
  ['calls of tools in parts', { role: 'assistant', parts: [{ type: 'tool-find', state: 'input-available' }] }],
  ['data in parts', { role: 'assistant', parts: [{ type: 'data-weather', data: { text: 'rain' } }] }],
  ['an image of Bedrock for a guardrail', { role: 'assistant', content: [{ guardContent: { image: {} } }] }],
  ['citations of Bedrock without words', { role: 'assistant', content: [{ citationsContent: { citations: [] } }] }],
  ['the thinking of Claude', { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm' }] }],
  ['a search of Claude', { role: 'assistant', content: [{ type: 'web_search_tool_result', content: [] }] }],
  ['a call of OpenAI Responses', { type: 'function_call', name: 'find', arguments: '{}' }],
  ['the result of a call of OpenAI Responses', { type: 'function_call_output', output: 'found' }],
  ['a search of OpenAI Responses', { type: 'web_search_call', status: 'completed' }],
  ['the reasoning of OpenAI Responses', { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] }],
];

describe('readForeignMessages', () => {
  it.each(WORDS)('finds the words in %s', (_, message) => {
    expect(readForeignMessages([{ role: 'user', ...message }, ANSWER])).toEqual([
      { role: 'user', content: QUESTION },
      ANSWER,
    ]);
  });

  it.each(WORDLESS)('leaves out %s', (_, message) => {
    expect(readForeignMessages([message, ANSWER])).toEqual([ANSWER]);
  });
});
