import { expect } from '@jest/globals';
import type { LambdaAnswer } from '../../src/lambda.js';

/** The part of an answer that the contract fixes word for word. */
export interface ShownAnswer {
  readonly statusCode: number;
  readonly body: unknown;
}

const turn = (prompt: string): ShownAnswer => ({
  statusCode: 200,
  body: {
    response: expect.stringContaining(prompt),
    chat: expect.objectContaining({
      user_id: 'demo',
      title: prompt,
      messages: [
        expect.objectContaining({ role: 'user', content: prompt }),
        expect.objectContaining({ role: 'assistant' }),
      ],
    }),
  },
});
const fault = (statusCode: number, error: string): ShownAnswer => ({ statusCode, body: { error } });
const WEEKEND = turn('Plan a weekend in Lisbon');

/** What the files of events/ are answered with. */
export const ANSWERS: Readonly<Record<string, ShownAnswer>> = {
  empty: fault(401, 'Invalid id_token: token is missing'),
  event: WEEKEND,
  'event-object-body': WEEKEND,
  'function-url-no-token': fault(401, 'Invalid id_token: token is missing'),
  'function-url-post-chat': WEEKEND,
  'function-url-unknown-route': fault(404, 'Not found'),
  'http-post-chat': WEEKEND,
  'rest-bad-token': fault(401, 'Invalid id_token: token is malformed'),
  'rest-get-chat': fault(404, 'Chat not found'),
  'rest-no-prompt': fault(400, "Field 'prompt' is required"),
  'rest-post-chat': WEEKEND,
  'rest-post-chat-base64': turn('Olá, Lisboa'),
  'rest-two-tokens': fault(401, 'Invalid id_token: token is malformed'),
};

/** An answer with its body read. */
export function answerTo({ statusCode, body }: LambdaAnswer): ShownAnswer {
  return { statusCode, body: JSON.parse(body) };
}
