import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { dummyCredentials } from '../src/local/local-mode.js';
import { type ChatApp, startChatApp } from '../test/support/chat-app.js';
import { AUDIENCE, ISSUER, issuerKey, issuerToken, serveKeys, startKeyServer } from '../test/support/key-server.js';
import { tokenOf } from '../test/support/tokens.js';

/**
 * `npm run fuzz -- 20000 42`: sends 20 000 mutations of good tokens, bodies and headers, with the seed 42.
 * It fails on a mutated token that is accepted, on a 5xx, and on a response that takes over a second.
 * It also fails if less than a third of the tokens reach the check of the signature.
 */
const RUNS = Number(process.argv[2] ?? 20_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);
const SLOWEST_MILLISECONDS = 1000;
/** The server closes the connection if all headers together exceed 64 KiB. */
const LONGEST_HEADER = 50_000;
/** The shares of the mutations. */
const SHARES = { tokens: 0.5, bodies: 0.3, headers: 0.2 };
const SHARE_OF_SIGNATURES = 1 / 3;

interface FuzzRequest {
  readonly kind: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body?: Buffer;
}

interface FuzzResponse {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });
const statuses = new Map<string, number>();
let slowest = 0;

/** Uses Node's own client, which does not change the bytes of headers. */
async function send({ kind, url, headers, body }: FuzzRequest): Promise<FuzzResponse> {
  const start = performance.now();
  const received = await new Promise<FuzzResponse>((resolve, reject) => {
    const request = httpRequest(url, { agent, headers, method: body ? 'POST' : 'GET' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.setTimeout(2 * SLOWEST_MILLISECONDS, () => request.destroy(new Error('no response')));
    request.on('error', reject).end(body);
  });
  const took = performance.now() - start;
  slowest = Math.max(slowest, took);
  if (took > SLOWEST_MILLISECONDS) throw new Error(`took ${took} ms`);
  if (received.status >= 500) throw new Error(`${received.status} ${received.text}`);
  const error = /"error":"([^"]*)/.exec(received.text)?.[1] ?? '';
  const outcome = `${kind}  ${received.status} ${error.replace(/Field '.*'/, 'Field …')}`;
  statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
  return received;
}

/** One change of a text, at a relative position from 0 to 1. */
type Change = readonly [kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'flip' | 'swap', at: number, piece: string];

const arbitraryChanges = (piece: fc.Arbitrary<string>): fc.Arbitrary<Change[]> => {
  const kind = fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'flip', 'swap');
  return fc.array(fc.tuple(kind, fc.double({ min: 0, max: 1, noNaN: true }), piece) as fc.Arbitrary<Change>, {
    minLength: 1,
    maxLength: 4,
  });
};

function applyChange(text: string, [kind, at, piece]: Change): string {
  const index = Math.min(text.length - 1, Math.floor(at * text.length));
  const [before, after] = [text.slice(0, index), text.slice(index + 1)];
  switch (kind) {
    case 'replace':
      return before + piece + after;
    case 'insert':
      return before + piece + text.slice(index);
    case 'remove':
      return before + after.slice(piece.length);
    case 'repeat':
      return text + text.slice(index);
    case 'flip':
      return before + String.fromCharCode(text.charCodeAt(index) ^ 1) + after;
    case 'swap':
      return text.split('.').toReversed().join('.');
    default:
      return kind satisfies never;
  }
}

/** Changes a decoded segment and encodes it again. The form stays valid, but the signature does not. */
function changeSegment(token: string, change: Change): string {
  const segments = token.split('.');
  const which = change[2].length % 2;
  const inside = Buffer.from(segments[which] ?? '', 'base64url').toString('latin1');
  segments[which] = Buffer.from(applyChange(inside, change), 'latin1').toString('base64url');
  return segments.join('.');
}

/** Sets a claim or a header parameter to any JSON value. */
function setMember(token: string, change: Change, value: unknown): string {
  const segments = token.split('.');
  const which = change[1] < 0.5 ? 0 : 1;
  const members = JSON.parse(Buffer.from(segments[which] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const names = [...Object.keys(members), 'typ', 'crit', 'kid', 'jwk', 'nbf', 'iat', 'token_use', 'toString', 'x'];
  members[names[change[2].charCodeAt(0) % names.length] ?? 'x'] = value;
  segments[which] = Buffer.from(JSON.stringify(members)).toString('base64url');
  return segments.join('.');
}

/** Changes only a claim of the payload or the bytes of the signature, so that the form stays valid. */
function forgeWellFormed(token: string, [kind, at, piece]: Change, value: unknown): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  if (kind === 'flip' || kind === 'swap') {
    const bytes = Buffer.from(signature, 'base64url');
    const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
    bytes[index] = (bytes[index] ?? 0) ^ (1 << (piece.charCodeAt(0) % 8));
    return `${header}.${payload}.${bytes.toString('base64url')}`;
  }
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const names = [...Object.keys(claims), 'nbf', 'iat', 'token_use', 'typ', 'toString', 'x'];
  claims[names[Math.floor(at * (names.length - 1))] ?? 'x'] = value;
  return `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`;
}

/** The characters of a header value (RFC 9110, section 5.5). */
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 4,
}); // prettier-ignore
/** The characters of a token. */
const letter = fc.constantFrom(...Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.'));
const jsonText = fc.oneof(
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.constantFrom(
    '"__proto__":',
    '"constructor":{}',
    '[[[[',
    '\\ud800',
    '1e999',
    '\\u0000',
    'null',
    '\ufeff',
    '"chat_id":"x",',
    '{"a":',
  ),
);

const toHeader = (text: string) => text.replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, '~');

async function fuzzTokens(apps: readonly { app: ChatApp; tokens: readonly string[] }[]): Promise<void> {
  const origins = apps.flatMap(({ app, tokens }) => tokens.map((token) => ({ url: app.url, token })));
  const mutation = fc.oneof(
    arbitraryChanges(headerText).map((steps) => (token: string) => steps.reduce(applyChange, token)),
    arbitraryChanges(headerText).map((steps) => (token: string) => steps.reduce(changeSegment, token)),
    arbitraryChanges(letter).map(
      ([step]) =>
        (token: string) =>
          step ? applyChange(token, step) : token,
    ),
    fc.tuple(arbitraryChanges(letter), fc.jsonValue()).map(
      ([[step], value]) =>
        (token: string) =>
          step ? setMember(token, step, value) : token,
    ),
    {
      weight: 3,
      arbitrary: fc.tuple(arbitraryChanges(letter), fc.jsonValue()).map(
        ([[step], value]) =>
          (token: string) =>
            step ? forgeWellFormed(token, step, value) : token,
      ),
    },
  );
  const property = fc.asyncProperty(fc.constantFrom(...origins), mutation, async ({ url, token }, mutate) => {
    const mutated = toHeader(mutate(token));
    // White space around a header's value is not part of it. The same token twice counts as one token.
    if (new Set(mutated.split(',').map((part) => part.trim())).has(token)) return;
    const { status, text } = await send({ kind: 'token', url: `${url}/chats/none`, headers: { id_token: mutated } });
    if (status !== 401) throw new Error(`a mutated token got ${status} ${text}`);
  });
  await fc.assert(property, { numRuns: Math.ceil(RUNS * SHARES.tokens), seed: SEED, endOnFailure: true });
}

/** Mutates `authorization`, which may hold the token too, and the other headers that the service reads. */
async function fuzzHeaders({ url }: ChatApp): Promise<void> {
  const token = tokenOf('fuzz');
  const body = Buffer.from('{"prompt":"x","chat_id":"no-such-chat"}');
  const good = fc.constantFrom<[string, string]>(
    ['authorization', `Bearer ${token}`],
    ['authorization', `Bearer ${token}, Bearer ${token}`],
    ['content-type', 'application/json; charset=utf-8'],
    ['content-type', 'application/json'],
    ['idempotency-key', 'a-key-of-a-caller'],
  );
  const piece = fc.oneof(headerText, fc.constantFrom(' ', '\t', ',', ';', '"', '=', 'Bearer ', 'charset=', 'utf-16'));
  const many = fc.tuple(piece, fc.integer({ min: 1, max: 10_000 })).map(([text, count]) => text.repeat(count));
  const steps = arbitraryChanges(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: many }));
  const property = fc.asyncProperty(good, steps, async ([name, value], list) => {
    const mutated = toHeader(list.reduce(applyChange, value)).slice(0, LONGEST_HEADER);
    const own = name === 'authorization' ? {} : { id_token: token };
    const headers = { 'content-type': 'application/json', ...own, [name]: mutated };
    const { status, text } = await send({
      kind: name,
      url: `${url}/chat`,
      headers: { ...headers, 'content-length': String(body.length) },
      body,
    });
    const hasToken = mutated.split(/,[ \t]*|bearer[ \t]+/i).some((part) => part.trim() === token);
    if (name === 'authorization' && status !== 401 && !hasToken)
      throw new Error(`a mutated header got ${status} ${text}`);
  });
  await fc.assert(property, { numRuns: Math.ceil(RUNS * SHARES.headers), seed: SEED, endOnFailure: true });
}

async function fuzzBodies({ url }: ChatApp): Promise<void> {
  const token = tokenOf('fuzz');
  const good = fc.constantFrom(
    '{"prompt":"Hello 👍"}',
    '{"prompt":"a \\u00e9 \\n b","chat_id":null}',
    '{"chat_id":"no-such-chat","prompt":"x"}',
  );
  const headers = { id_token: token, 'content-type': 'application/json' };
  const members = fc.record(
    { prompt: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()), chat_id: fc.jsonValue(), x: fc.jsonValue() },
    { requiredKeys: [] },
  );
  const mutated = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.tuple(good, arbitraryChanges(jsonText)).map(([text, steps]) => steps.reduce(applyChange, text)),
    },
    { weight: 1, arbitrary: fc.json({ maxDepth: 20 }) },
    { weight: 2, arbitrary: members.map((body) => JSON.stringify(body)) },
  );
  const property = fc.asyncProperty(mutated, async (text) => {
    const body = Buffer.from(text);
    await send({
      kind: 'body',
      url: `${url}/chat`,
      headers: { ...headers, 'content-length': String(body.length) },
      body,
    });
  });
  await fc.assert(property, { numRuns: Math.floor(RUNS * SHARES.bodies), seed: SEED, endOnFailure: true });
}

Object.assign(process.env, dummyCredentials(process.env));
const [rsa, elliptic] = [issuerKey('rsa'), issuerKey('elliptic', 'ES256')];
const keyServer = await startKeyServer(serveKeys(rsa, elliptic));
const withSecret = await startChatApp();
const withKeys = await startChatApp({
  JWT_SECRET_KEY: '',
  JWT_JWKS_URI: keyServer.url,
  JWT_ISSUER: ISSUER,
  JWT_AUDIENCE: AUDIENCE,
});
const start = performance.now();
await fuzzTokens([
  { app: withSecret, tokens: [tokenOf('alice')] },
  { app: withKeys, tokens: [issuerToken(rsa), issuerToken(elliptic)] },
]);
await fuzzBodies(withSecret);
await fuzzHeaders(withSecret);
console.log(
  `${RUNS} mutations, seed ${SEED}, ${Math.round((performance.now() - start) / 1000)} s, slowest ${Math.round(slowest)} ms`,
);
for (const [outcome, count] of [...statuses].toSorted(([a], [b]) => a.localeCompare(b)))
  console.log(`${String(count).padStart(7)}  ${outcome}`);
const tokenOutcomes = [...statuses].filter(([outcome]) => outcome.startsWith('token '));
const sumCounts = (counts: typeof tokenOutcomes) => counts.reduce((sum, [, count]) => sum + count, 0);
const atSignature =
  sumCounts(tokenOutcomes.filter(([outcome]) => outcome.endsWith('signature is invalid'))) / sumCounts(tokenOutcomes);
console.log(`${(100 * atSignature).toFixed(1)} % of the tokens reached the check of the signature`);
process.exit(atSignature < SHARE_OF_SIGNATURES ? 1 : 0);
