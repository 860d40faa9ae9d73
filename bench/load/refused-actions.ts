import { mintToken } from '../../src/local/dev-token.js';
import type { LoadUser } from './load-user.js';
import { demand } from './wrong-answer.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const OTHER_SECRET = 'another-secret-for-measuring-5Tr8WnKc3pYd6Hs2';

/** Headers without a usable token, and the reasons of their 401. */
const BAD_TOKENS: readonly (readonly [headers: Record<string, string>, reason: string])[] = [
  [{}, 'token is missing'],
  [{ id_token: 'no.token' }, 'token is malformed'],
  [{ id_token: 'x'.repeat(9_000) }, 'token is too large'],
  [{ id_token: mintToken({ secret: OTHER_SECRET, sub: 'mallory' }) }, 'signature is invalid'],
  [{ id_token: mintToken({ secret: OTHER_SECRET, sub: 'mallory', algorithm: 'HS512' }) }, 'algorithm is not allowed'],
];

/** Bodies of `POST /chat`, and the errors of their 400. */
const BAD_BODIES: readonly (readonly [body: string, error: string])[] = [
  ['', "Field 'prompt' is required"],
  ['{}', "Field 'prompt' is required"],
  ['{"prompt":"  "}', "Field 'prompt' is required"],
  ['{"prompt":7}', "Field 'prompt' must be a string"],
  ['{"prompt":"\\ud800"}', "Field 'prompt' is invalid"],
  [JSON.stringify({ prompt: 'x'.repeat(32_001) }), "Field 'prompt' must be at most 32000 characters"],
  ['{"prompt":"x","chat_id":7}', "Field 'chat_id' must be a string"],
  ['{"prompt":"x","chat_id":".."}', "Field 'chat_id' is invalid"],
  ['{"prompt":"x","admin":true}', "Field 'admin' is not allowed"],
  ['{"prompt":"x"', 'Request body is not valid JSON'],
  ['[]', 'Request body is not valid JSON'],
];

const ROUTES = ['/chat', '/chat/stream'];

export async function sendBadToken(user: LoadUser): Promise<void> {
  const [headers, reason] = user.pick(BAD_TOKENS) ?? [{}, ''];
  const isRead = user.random() < 0.5;
  const request = isRead
    ? { method: 'GET', path: '/chats' }
    : { method: 'POST', path: user.pick(ROUTES) ?? '', body: JSON.stringify({ prompt: user.writePrompt() }) };
  const call = { kind: 'bad token', ...request, headers: { ...JSON_TYPE, ...headers } };
  const { status, text } = await user.client.send(call);
  const isRight = status === 401 && text === JSON.stringify({ error: `Invalid id_token: ${reason}` });
  demand(isRight, 'a wrong 401', { reason, status, text });
}

export async function sendBadBody(user: LoadUser): Promise<void> {
  const path = user.pick(ROUTES) ?? '';
  const base = { kind: 'bad body', method: 'POST', path, headers: user.headers };
  const chance = user.random();
  if (chance < 0.1) {
    const headers = { ...user.headers, 'content-type': 'text/plain' };
    return expectError(user, { ...base, headers, body: '{"prompt":"x"}' }, [
      415,
      'Content-Type must be application/json',
    ]);
  }
  if (chance < 0.2) {
    const body = JSON.stringify({ prompt: 'x'.repeat(300 * 1024) });
    return expectError(user, { ...base, body }, [413, 'Request body is too large']);
  }
  if (chance < 0.3) {
    const headers = { ...user.headers, 'idempotency-key': 'x'.repeat(256) };
    return expectError(user, { ...base, headers, body: '{"prompt":"x"}' }, [
      400,
      "Header 'Idempotency-Key' is invalid",
    ]);
  }
  const [body, error] = user.pick(BAD_BODIES) ?? ['', ''];
  return expectError(user, { ...base, body }, [400, error]);
}

async function expectError(
  user: LoadUser,
  call: Parameters<LoadUser['client']['send']>[0],
  [wanted, error]: readonly [status: number, error: string],
): Promise<void> {
  const { status, text } = await user.client.send(call);
  const isRight = status === wanted && text === JSON.stringify({ error });
  demand(isRight, 'a wrong refusal', { body: call.body?.slice(0, 80), wanted, error, status, text });
}
