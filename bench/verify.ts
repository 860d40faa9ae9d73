import { createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Request } from 'express';
import { JwtVerifier } from 'aws-jwt-verify';
import { jwtVerify } from 'jose';
import jwt from 'jsonwebtoken';
import { IdTokenStrategy } from '../src/auth/id-token.strategy.js';
import { JwksSigningKeys } from '../src/auth/keys/jwks-signing-keys.js';
import { SecretSigningKeys, type SigningKeys } from '../src/auth/keys/signing-keys.js';
import { Environment } from '../src/config/environment.js';
import { AuthSettings } from '../src/config/settings.js';
import { type KeyServer, serveKeys, startKeyServer } from '../test/support/key-server.js';

/**
 * The bench fails if ours takes more than this multiple of the fastest other library. An HMAC takes about 10 µs, so our
 * checks of form and claims almost double HS256. A turn waits seconds for its agent: no caller notices.
 */
const RATIO_BOUND = 2.5;
const ROUNDS = 180;
const VERIFICATIONS = 100;
const ISSUER = 'https://issuer.example';
const AUDIENCE = 'the-app';
const SECRET = 'bench-secret-of-more-than-32-bytes-in-all';

type Algorithm = 'RS256' | 'ES256' | 'HS256';
type Verify = () => unknown;

/**
 * Prints microseconds per verification. `ours` is all that the service does with a token: headers, form, key, passport,
 * signature, claims. The others verify the signature, the times, the issuer and the audience.
 */
export async function benchVerify(): Promise<void> {
  console.log(
    `Microseconds per verification (median of ${ROUNDS} rounds of ${VERIFICATIONS}, taken in turn), Node ${process.version}:\n`,
  );
  console.log('          ours   jsonwebtoken   jose   aws-jwt-verify   ours / fastest');
  for (const algorithm of ['RS256', 'ES256', 'HS256'] as const) {
    const { contenders, close } = await createContenders(algorithm);
    const rounds = await measure(contenders);
    await close();
    const ratio = median(rounds.map(({ ours: own = 0, ...others }) => own / Math.min(...Object.values(others))));
    const cell = (name: string, width: number) =>
      (contenders[name] ? median(rounds.map((times) => times[name] ?? 0)).toFixed(1) : '–').padStart(width);
    console.log(
      `${algorithm}${cell('ours', 9)}${cell('jsonwebtoken', 15)}${cell('jose', 7)}${cell('aws-jwt-verify', 17)}${ratio.toFixed(2).padStart(17)}`,
    );
    if (!(ratio <= RATIO_BOUND)) fail(algorithm);
  }
}

async function createContenders(algorithm: Algorithm): Promise<{ contenders: Record<string, Verify>; close: Verify }> {
  const { privateKey, publicKey } = generateKeys(algorithm);
  const claims = { sub: 'alice', email: 'a@example.com', username: 'al', iss: ISSUER, aud: AUDIENCE, token_use: 'id' };
  const token = jwt.sign(claims, privateKey, { algorithm, keyid: 'k-1', expiresIn: 3600 });
  const options = { algorithms: [algorithm], issuer: ISSUER, audience: AUDIENCE };
  const contenders: Record<string, Verify> = {
    jsonwebtoken: () => jwt.verify(token, publicKey, options),
    jose: () => jwtVerify(token, publicKey, options),
  };
  if (algorithm === 'HS256') {
    return {
      contenders: { ours: verifyByStrategy(token, new SecretSigningKeys(Buffer.from(SECRET), 'HS256')), ...contenders },
      close: () => {},
    };
  }
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k-1', alg: algorithm, use: 'sig' };
  const aws = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: 'https://issuer.example/keys' });
  aws.cacheJwks({ keys: [jwk] } as never);
  contenders['aws-jwt-verify'] = () => aws.verifySync(token);
  const keyServer: KeyServer = await startKeyServer(serveKeys({ jwk }));
  contenders['ours'] = verifyByStrategy(token, new JwksSigningKeys(new URL(keyServer.url), [algorithm]));
  return { contenders, close: () => keyServer.close() };
}

function generateKeys(algorithm: Algorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  if (algorithm === 'RS256') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const secret = createSecretKey(SECRET, 'utf8');
  return { privateKey: secret, publicKey: secret };
}

function fail(algorithm: Algorithm): void {
  console.error(`${algorithm}: ours takes more than ${RATIO_BOUND} times as long as the fastest other`);
  process.exitCode = 1;
}

/** Works like passport, which uses a copy of the strategy with the callbacks of one request. */
function verifyByStrategy(token: string, keys: SigningKeys): Verify {
  const environment = Object.assign(new Environment(), { JWT_ISSUER: ISSUER, JWT_AUDIENCE: [AUDIENCE] });
  const strategy = new IdTokenStrategy(new AuthSettings(environment), keys);
  const request = {
    rawHeaders: ['host', '127.0.0.1', 'id_token', token],
    headers: { id_token: token },
  } as unknown as Request;
  return () =>
    new Promise((resolve, reject) => {
      const attempt = Object.assign(Object.create(strategy) as IdTokenStrategy, {
        success: resolve,
        fail: reject,
        error: reject,
      });
      attempt.authenticate(request);
    });
}

/**
 * Measures microseconds per verification of each contender in each round. Times of one round are comparable even on a
 * busy machine. The order rotates, because the contender after jose pays for jose's garbage collection.
 */
async function measure(contenders: Record<string, Verify>): Promise<Record<string, number>[]> {
  const order = Object.entries(contenders);
  const rounds: Record<string, number>[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const times: Record<string, number> = {};
    for (const [name, verify] of order) {
      const start = performance.now();
      for (let count = 0; count < VERIFICATIONS; count += 1) await verify();
      times[name] = ((performance.now() - start) * 1000) / VERIFICATIONS;
    }
    rounds.push(times);
    order.push(...order.splice(0, 1));
  }
  return rounds;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
