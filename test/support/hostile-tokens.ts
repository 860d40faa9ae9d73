import { createHmac, createSign, type KeyObject } from 'node:crypto';
import { AUDIENCE, type IssuerKey, ISSUER } from './key-server.js';
import { SECRET } from './tokens.js';

/** A token and the reason of its refusal; undefined if it is accepted. */
export interface HostileCase {
  readonly name: string;
  readonly reason: string | undefined;
  readonly token: string;
}

const now = () => Math.floor(Date.now() / 1000);
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64url');

const goodClaims = () => ({ sub: 'alice', email: 'a@example.com', username: 'al', exp: now() + 3600 });

/** Signs a token of any two texts. A hostile issuer is not limited to valid JSON. */
function signedText(header: string | Buffer, payload: string | Buffer, key: string | KeyObject = SECRET): string {
  const input = `${base64(header)}.${base64(payload)}`;
  if (typeof key === 'string') return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`;
  const dsaEncoding = 'ieee-p1363';
  return `${input}.${createSign('sha256').update(input).sign({ key, dsaEncoding }).toString('base64url')}`;
}

export function signed(claims: object = {}, header: object = {}, key: string | KeyObject = SECRET): string {
  const payload = JSON.stringify({ ...goodClaims(), ...claims });
  return signedText(JSON.stringify({ alg: 'HS256', typ: 'JWT', ...header }), payload, key);
}

const HEADER = '{"alg":"HS256","typ":"JWT"}';
const OTHER = 'another-secret-that-nobody-here-knows-of-123456';
/** Returns valid claims as text, with one claim unchanged. JSON.stringify would change some numbers and strings. */
const claimsText = (name: string, text: string) =>
  JSON.stringify({ ...goodClaims(), [name]: '@' }).replace('"@"', text);

const table = (reason: string | undefined, cases: Record<string, string>): HostileCase[] =>
  Object.entries(cases).map(([name, token]) => ({ name, reason, token }));
const each = (
  reason: string,
  what: string,
  values: readonly unknown[],
  token: (value: never) => string,
): HostileCase[] =>
  values.map((value) => ({ name: `${what} ${JSON.stringify(value)}`, reason, token: token(value as never) }));

function malformed(): HostileCase[] {
  const good = signed();
  const [header = '', payload = '', signature = ''] = good.split('.');
  const claims = JSON.stringify(goodClaims());
  const texts = ['null', '[]', '"x"', '1', 'true', '', '{', '{}}', "{'a':1}", '{"a":NaN}', '{"a":1,}', '\ufeff{}'];
  return [
    ...each(
      'token is malformed',
      'the text',
      ['x', '.', '..', '...', 'a.b', 'a.b.c', '.a.', 'null', '{}'],
      (text) => text,
    ),
    ...each('token is malformed', 'a signed payload', texts, (text) => signedText(HEADER, text)),
    ...each('token is malformed', 'a signed header', texts, (text) => signedText(text, claims)),
    ...table('token is malformed', {
      'two segments': `${header}.${payload}`,
      'four segments': `${good}.`,
      'five segments, as an encrypted token has': `${header}.${payload}.${signature}.${payload}.${signature}`,
      'padding behind it': `${good}=`,
      'padding inside': `${header}==.${payload}.${signature}`,
      'a blank inside': `${header} .${payload}.${signature}`,
      'a tab inside': `${header}.\t${payload}.${signature}`,
      'quotes around it': `"${good}"`,
      'the scheme in front of it': `Bearer ${good}`,
      'the alphabet of plain base64': `${header}.${payload}.${signature.replace(/.$/, '+')}`,
      'a slash': `${header}.${payload}.${signature.replace(/.$/, '/')}`,
      'stray bits at the end of the signature': good.slice(0, -1) + other(good.at(-1) ?? ''),
      'percent signs': `${header}.${payload}.%41%41`,
      'a letter that is none of ASCII': `${header}.${payload}.é${signature}`,
      'a payload that is no UTF-8': signedText(HEADER, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])),
      'a header that is no UTF-8': signedText(Buffer.from([0x7b, 0xc0, 0xaf, 0x7d]), claims),
      'a second token behind a comma': `${good},${signed({ sub: 'bob' })}`,
      'deep brackets': signedText(HEADER, '['.repeat(2500)),
    }),
  ];
}

/** Returns the next letter of the alphabet. Its significant bits are the same if the last ones do not count. */
function other(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) + 1);
}

function headers(): HostileCase[] {
  const algorithms = [
    'none', 'None', 'NONE', 'nOnE', 'HS384', 'HS512', 'RS256', 'ES256', 'PS256', 'EdDSA', 'hs256', 'HS256 ', '', 'dir',
    'constructor', '__proto__', 'toString', null, 1, true, ['HS256'], {}, undefined,
  ]; // prettier-ignore
  const types = ['at+jwt', 'JWE', 'JOSE', 'application/at+jwt', 'JWT ', '', 1, null, ['JWT'], {}];
  return [
    ...each('algorithm is not allowed', 'alg', algorithms, (alg) => signed({}, { alg })),
    ...each('algorithm is not allowed', 'unsigned, alg', ['none', 'NONE'], (alg) =>
      signed({}, { alg }).replace(/[^.]*$/, ''),
    ),
    ...each('token type is not allowed', 'typ', types, (typ) => signed({}, { typ })),
    ...each('critical header is not supported', 'crit', [['exp'], ['b64'], [], 'exp', null, {}], (crit) =>
      signed({}, { crit }),
    ),
    ...table('algorithm is not allowed', {
      'an algorithm of the prototype': signedText('{"__proto__":{"alg":"HS256"}}', JSON.stringify(goodClaims())),
      'the last of two algorithms': signedText('{"alg":"HS256","alg":"none"}', JSON.stringify(goodClaims())),
    }),
    ...table('token is too large', {
      'a large claim': signed({ x: 'x'.repeat(8192) }),
      'a large header': signed({}, { x: 'x'.repeat(8192) }),
      'a large nothing': 'x'.repeat(30_000),
    }),
  ];
}

function signatures(): HostileCase[] {
  const good = signed();
  const [header = '', payload = '', signature = ''] = good.split('.');
  const [, bob = '', bobs = ''] = signed({ sub: 'bob' }).split('.');
  const jwk = { kty: 'oct', k: base64(OTHER) };
  return [
    ...table('signature is invalid', {
      'no signature': `${header}.${payload}.`,
      'a short signature': `${header}.${payload}.AAAA`,
      'half a signature': `${header}.${payload}.${base64(Buffer.from(signature, 'base64url').subarray(0, 16))}`,
      'a long signature': `${header}.${payload}.${base64(Buffer.concat([Buffer.from(signature, 'base64url'), Buffer.alloc(1)]))}`,
      "another token's signature": `${header}.${payload}.${bobs}`,
      "another token's claims": `${header}.${bob}.${signature}`,
      'another header': `${base64('{"typ":"JWT","alg":"HS256"}')}.${payload}.${signature}`,
      'another secret': signed({}, {}, OTHER),
      'another secret, and expired': signed({ exp: 1 }, {}, OTHER),
      'another secret, and claims of wrong types': signed({ exp: 'x', email: 5, sub: [] }, {}, OTHER),
      'its own key in jwk': signed({}, { jwk }, OTHER),
      'a key to be fetched by jku': signed({}, { jku: 'http://127.0.0.1:1/keys' }, OTHER),
      'a key to be fetched by x5u': signed({}, { x5u: 'http://127.0.0.1:1/cert' }, OTHER),
      'its own certificate in x5c': signed({}, { x5c: [base64(OTHER)] }, OTHER),
      'a kid that is a path': signed({}, { kid: '../../../../dev/null' }, ' '),
      'a kid that is SQL': signed({}, { kid: "' UNION SELECT 'x" }, 'x'),
      'the empty secret': signed({}, { kid: null }, ''),
    }),
  ];
}

function claimCases(): HostileCase[] {
  const notTexts: unknown[] = [
    5,
    true,
    [],
    ['a@b'],
    {},
    { toString: 'a@b' },
    ' ',
    '\t',
    'a@b\n',
    'a\u0000@b',
    'a@b\u0085',
  ];
  const notTimes: unknown[] = ['1', true, [], {}, [9e9], 'tomorrow'];
  return ['exp', 'email', 'username', 'sub']
    .flatMap((name) => [
      ...each(`claim '${name}' is required`, name, [null, '', ...(name === 'sub' ? [] : [undefined])], (value) =>
        signed({ [name]: value }),
      ),
      ...each(`claim '${name}' is invalid`, name, name === 'exp' ? notTimes : notTexts, (value) =>
        signed({ [name]: value }),
      ),
      ...each(`claim '${name}' is invalid`, `${name} as`, [name === 'exp' ? '1e400' : '"a@\\ud800"'], (text) =>
        signedText(HEADER, claimsText(name, text)),
      ),
    ])
    .concat(
      each('token has expired', 'exp', [0, -1, -1e300, 1, now() - 1, now()], (exp) => signed({ exp })),
      each("claim 'exp' is invalid", 'exp as', ['-1e400'], (text) => signedText(HEADER, claimsText('exp', text))),
      each('token is not yet valid', 'nbf', [now() + 3600, 1e300], (nbf) => signed({ nbf })),
      each("claim 'nbf' is invalid", 'nbf', [...notTimes, null], (nbf) => signed({ nbf })),
      each("claim 'nbf' is invalid", 'nbf as', ['1e400', '-1e400'], (text) =>
        signedText(HEADER, claimsText('nbf', text)),
      ),
      each("claim 'iat' is invalid", 'iat', [now() + 3600, 1e300, ...notTimes, null], (iat) => signed({ iat })),
      each("claim 'iat' is invalid", 'iat as', ['1e400'], (text) => signedText(HEADER, claimsText('iat', text))),
      each("claim 'token_use' is invalid", 'token_use', ['access', 'ID', '', null, 1, ['id']], (use) =>
        signed({ token_use: use }),
      ),
      each("claim 'typ' is invalid", 'typ as a claim', ['Bearer', 'bearer', 'Refresh', 'Offline', 'OFFLINE'], (typ) =>
        signed({ typ }),
      ),
      each("claim 'email' is invalid", 'email', ['alice', 'a.example.com'], (email) => signed({ email })),
      each(
        "claim 'sub' is invalid",
        'sub',
        ['alice#T#000000000001', '#', 'x'.repeat(256), '漢'.repeat(255) + 'x'],
        (sub) => signed({ sub }),
      ),
      table("claim 'exp' is required", {
        'claims of the prototype': signedText(HEADER, `{"__proto__":${JSON.stringify(goodClaims())}}`),
        'claims of the constructor': signedText(HEADER, `{"constructor":${JSON.stringify(goodClaims())}}`),
        'no claims': signedText(HEADER, '{}'),
      }),
    );
}

/** For a service with a secret. */
export function secretCases(): HostileCase[] {
  const good = table(undefined, {
    'a good token': signed(),
    'a good token without typ': signed({}, { typ: undefined }),
    'a good token of typ application/jwt': signed({}, { typ: 'Application/JWT' }),
    'a good token with a kid and keys that nobody looks at': signed(
      {},
      { kid: 'x', jku: 'http://127.0.0.1:1', jwk: {} },
    ),
    'a good token with claims of its own': signed({ __proto__x: 1, constructor: 'x', roles: ['a'] }),
    'a good token of Keycloak': signed({ typ: 'ID' }),
    'a good token with cognito:username': signed({ username: undefined, 'cognito:username': 'al' }),
  });
  return [...malformed(), ...headers(), ...signatures(), ...claimCases(), ...good];
}

/** For a service with a key set. It has `rsa` and `elliptic`, but not `stranger`. */
export function keySetCases(rsa: IssuerKey, elliptic: IssuerKey, stranger: IssuerKey): HostileCase[] {
  const issued = (changes: object = {}, header: object = {}, key: IssuerKey = rsa) =>
    signed({ iss: ISSUER, aud: AUDIENCE, ...changes }, { alg: key.algorithm, kid: key.kid, ...header }, key.privateKey);
  const publicKey = JSON.stringify(rsa.jwk);
  const issuers = [undefined, null, '', `${ISSUER}/`, ISSUER.toUpperCase(), 5, [ISSUER], { iss: ISSUER }];
  const audiences = [undefined, null, '', [], 'other', [5, AUDIENCE], { [AUDIENCE]: 1 }, `${AUDIENCE} `, [[AUDIENCE]]];
  const kids = [
    '',
    'x',
    '__proto__',
    'constructor',
    '../rsa',
    'http://127.0.0.1:1/',
    1,
    null,
    ['rsa'],
    {},
    'rsa\0',
    'R'.repeat(999),
  ];
  return [
    ...each('issuer is invalid', 'iss', issuers, (iss) => issued({ iss })),
    ...each('audience is invalid', 'aud', audiences, (aud) => issued({ aud })),
    ...each('signing key is unknown', 'kid', kids, (kid) => issued({}, { kid })),
    ...each('algorithm is not allowed', 'alg', ['none', 'HS256', 'RS384', 'PS256', 'ES384', 'EdDSA', 'rs256'], (alg) =>
      issued({}, { alg }),
    ),
    ...table('algorithm is not allowed', {
      'the public key as a secret': signed({ iss: ISSUER, aud: AUDIENCE }, { kid: rsa.kid }, publicKey),
      'the key of another algorithm': issued({}, { kid: elliptic.kid }),
      'the other key of another algorithm': issued({}, { kid: rsa.kid }, elliptic),
    }),
    ...table('signature is invalid', {
      "a stranger's signature under a known kid": issued({}, { kid: rsa.kid }, stranger),
      'a key of its own': issued({}, { kid: rsa.kid, jwk: stranger.jwk }, stranger),
      'an ES256 signature of zeros': issued({}, {}, elliptic).replace(/[^.]*$/, base64(Buffer.alloc(64))),
      'an ES256 signature of the wrong length': issued({}, {}, elliptic).replace(/[^.]*$/, base64(Buffer.alloc(63, 1))),
      'an ES256 signature as DER': issued({}, {}, elliptic).replace(/[^.]*$/, 'MAYCAQECAQE'),
    }),
    ...table('signing key is unknown', { 'a stranger': issued({}, {}, stranger) }),
    ...table(undefined, {
      'a good token of RS256': issued(),
      'a good token of ES256': issued({}, {}, elliptic),
      'a good token for several audiences': issued({ aud: ['other', AUDIENCE] }),
      'a good token without kid': issued({}, { kid: undefined }),
    }),
  ];
}

/** The issuer of a user pool of Amazon Cognito. */
export const COGNITO_ISSUER = 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Ab12Cd34E';

/** For a service with Cognito as its issuer. Its tokens name their use. */
export function cognitoCases({ algorithm: alg, kid, privateKey }: IssuerKey): HostileCase[] {
  const issued = (use: unknown) =>
    signed({ iss: COGNITO_ISSUER, aud: AUDIENCE, token_use: use }, { alg, kid }, privateKey);
  return [
    ...each("claim 'token_use' is required", 'token_use', [undefined, null, ''], issued),
    ...each("claim 'token_use' is invalid", 'token_use', ['access', 'ID', ['id'], true], issued),
    ...table(undefined, { 'a good id token': issued('id') }),
  ];
}
