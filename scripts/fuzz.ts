import { Agent, request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { dummyCredentials } from '../src/local/local-mode.js';
import { type ChatApp, startChatApp } from '../test/support/chat-app.js';
import { AUDIENCE, ISSUER, issuerKey, issuerToken, serveKeys, startKeyServer } from '../test/support/key-server.js';
import { tokenOf } from '../test/support/tokens.js';

/**
 * Sends mutations of good tokens, bodies and headers to the service: no mutated token gets in, nothing is a 5xx, nothing
 * takes longer than a second, and at least a third of the tokens get as far as the signature. `npm run fuzz -- 20000 42`
 * sets the number of mutations and the seed.
 */
const RUNS = Number(process.argv[2] ?? 20_000);
const SEED = Number(process.argv[3] ?? Date.now() % 1_000_000);
const SLOWEST_MILLISECONDS = 1000;
/** Beyond 64 KiB of all headers the server hangs up, as `edge` shows. */
const LONGEST_HEADER = 50_000;
/** How much of it is what. */
const SHARES = { tokens: 0.5, bodies: 0.3, headers: 0.2 };
const SHARE_OF_SIGNATURES = 1 / 3;

interface Answer {
  readonly status: number;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });
const statuses = new Map<string, number>();
let slowest = 0;

/** By Node's own client, which sends header bytes as they are. */
async function send(kind: string, url: string, headers: Record<string, string>, body?: Buffer): Promise<Answer> {
  const start = performance.now();
  const answer = await new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(url, { agent, headers, method: body ? 'POST' : 'GET' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.setTimeout(2 * SLOWEST_MILLISECONDS, () => request.destroy(new Error('no answer')));
    request.on('error', reject).end(body);
  });
  const took = performance.now() - start;
  slowest = Math.max(slowest, took);
  if (took > SLOWEST_MILLISECONDS) throw new Error(`took ${took} ms`);
  if (answer.status >= 500) throw new Error(`${answer.status} ${answer.text}`);
  const error = /"error":"([^"]*)/.exec(answer.text)?.[1] ?? '';
  const outcome = `${kind}  ${answer.status} ${error.replace(/Field '.*'/, 'Field …')}`;
  statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
  return answer;
}

/** One change to a text: at `at` (0..1 of its length), with `piece`. */
type Change = readonly [kind: 'replace' | 'insert' | 'remove' | 'repeat' | 'flip' | 'swap', at: number, piece: string];

const changes = (piece: fc.Arbitrary<string>): fc.Arbitrary<Change[]> => {
  const kind = fc.constantFrom('replace', 'insert', 'remove', 'repeat', 'flip', 'swap');
  return fc.array(fc.tuple(kind, fc.double({ min: 0, max: 1, noNaN: true }), piece) as fc.Arbitrary<Change>, {
    minLength: 1,
    maxLength: 4,
  });
};

function changed(text: string, [kind, at, piece]: Change): string {
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

/** A change inside of a decoded segment, encoded again: the form stays right, the signature does not. */
function changedInside(token: string, change: Change): string {
  const segments = token.split('.');
  const which = change[2].length % 2;
  const inside = Buffer.from(segments[which] ?? '', 'base64url').toString('latin1');
  segments[which] = Buffer.from(changed(inside, change), 'latin1').toString('base64url');
  return segments.join('.');
}

/** Another value for a claim or a header parameter: all that a segment of the right form can say. */
function withMember(token: string, change: Change, value: unknown): string {
  const segments = token.split('.');
  const which = change[1] < 0.5 ? 0 : 1;
  const members = JSON.parse(Buffer.from(segments[which] ?? '', 'base64url').toString()) as Record<string, unknown>;
  const names = [...Object.keys(members), 'typ', 'crit', 'kid', 'jwk', 'nbf', 'iat', 'token_use', 'toString', 'x'];
  members[names[change[2].charCodeAt(0) % names.length] ?? 'x'] = value;
  segments[which] = Buffer.from(JSON.stringify(members)).toString('base64url');
  return segments.join('.');
}

/** A claim of the payload, or bytes of the signature, and nothing else: whoever looks at the form alone lets it pass. */
function wellFormed(token: string, [kind, at, piece]: Change, value: unknown): string {
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

/** What a header value may hold on the wire (RFC 9110, 5.5). */
const headerText = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).filter((code) => code !== 0x7f).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 4,
}); // prettier-ignore
/** What a token consists of. */
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
    changes(headerText).map((steps) => (token: string) => steps.reduce(changed, token)),
    changes(headerText).map((steps) => (token: string) => steps.reduce(changedInside, token)),
    changes(letter).map(
      ([step]) =>
        (token: string) =>
          step ? changed(token, step) : token,
    ),
    fc.tuple(changes(letter), fc.jsonValue()).map(
      ([[step], value]) =>
        (token: string) =>
          step ? withMember(token, step, value) : token,
    ),
    {
      weight: 3,
      arbitrary: fc.tuple(changes(letter), fc.jsonValue()).map(
        ([[step], value]) =>
          (token: string) =>
            step ? wellFormed(token, step, value) : token,
      ),
    },
  );
  const property = fc.asyncProperty(fc.constantFrom(...origins), mutation, async ({ url, token }, mutate) => {
    const mutated = toHeader(mutate(token));
    // White space around a header's value is not a part of it; the same token twice is that token.
    if (new Set(mutated.split(',').map((part) => part.trim())).has(token)) return;
    const { status, text } = await send('token', `${url}/chats/none`, { id_token: mutated });
    if (status !== 401) throw new Error(`a mutated token got ${status} ${text}`);
  });
  await fc.assert(property, { numRuns: Math.ceil(RUNS * SHARES.tokens), seed: SEED, endOnFailure: true });
}

/** `authorization` instead of the token's own header, and what else is read beside the body. */
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
  const steps = changes(fc.oneof({ weight: 9, arbitrary: piece }, { weight: 1, arbitrary: many }));
  const property = fc.asyncProperty(good, steps, async ([name, value], list) => {
    const mutated = toHeader(list.reduce(changed, value)).slice(0, LONGEST_HEADER);
    const own = name === 'authorization' ? {} : { id_token: token };
    const headers = { 'content-type': 'application/json', ...own, [name]: mutated };
    const { status, text } = await send(
      name,
      `${url}/chat`,
      { ...headers, 'content-length': String(body.length) },
      body,
    );
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
    { weight: 3, arbitrary: fc.tuple(good, changes(jsonText)).map(([text, steps]) => steps.reduce(changed, text)) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 20 }) },
    { weight: 2, arbitrary: members.map((body) => JSON.stringify(body)) },
  );
  const property = fc.asyncProperty(mutated, async (text) => {
    const body = Buffer.from(text);
    await send('body', `${url}/chat`, { ...headers, 'content-length': String(body.length) }, body);
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
const ofTokens = [...statuses].filter(([outcome]) => outcome.startsWith('token '));
const sumOf = (counts: typeof ofTokens) => counts.reduce((sum, [, count]) => sum + count, 0);
const atSignature = sumOf(ofTokens.filter(([outcome]) => outcome.endsWith('signature is invalid'))) / sumOf(ofTokens);
console.log(`${(100 * atSignature).toFixed(1)} % of the tokens got as far as the signature`);
process.exit(atSignature < SHARE_OF_SIGNATURES ? 1 : 0);
