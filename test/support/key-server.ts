import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import type { KEY_PAIR_ALGORITHMS } from '../../src/config/signing-algorithms.js';

type KeyPairAlgorithm = (typeof KEY_PAIR_ALGORITHMS)[number];
const CURVES: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

/** A key pair of an issuer, and its entry in the key set. */
export interface IssuerKey {
  readonly kid: string;
  readonly algorithm: KeyPairAlgorithm;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, unknown>>;
}

export function issuerKey(kid: string, algorithm: IssuerKey['algorithm'] = 'RS256', modulusLength = 2048): IssuerKey {
  const namedCurve = CURVES[algorithm];
  const { privateKey, publicKey } =
    namedCurve === undefined
      ? generateKeyPairSync('rsa', { modulusLength })
      : generateKeyPairSync('ec', { namedCurve });
  return {
    kid,
    algorithm,
    privateKey,
    jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' },
  };
}

/** How the server responds to a request. */
export type KeyServerBehaviour = (response: ServerResponse) => void;

/** An issuer's key server on this machine. It counts requests, and its behaviour can be replaced. */
export interface KeyServer {
  readonly url: string;
  behaviour: KeyServerBehaviour;
  fetches: number;
  close(): Promise<void>;
}

export const serveKeys =
  (...keys: Pick<IssuerKey, 'jwk'>[]): KeyServerBehaviour =>
  (response) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));

export async function startKeyServer(behaviour: KeyServerBehaviour): Promise<KeyServer> {
  const server = createServer((_, response) => {
    keyServer.fetches += 1;
    keyServer.behaviour(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const keyServer: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    behaviour,
    fetches: 0,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return keyServer;
}

export const ISSUER = 'https://issuer.example';
export const AUDIENCE = 'the-app';

/** Returns a valid token of that issuer. `changes` replaces claims and `header` its header; undefined removes a claim. */
export function issuerToken(key: IssuerKey, changes: object = {}, header: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 12 * 60 * 60;
  const claims = { sub: 'alice', email: 'a@example.com', username: 'al', iss: ISSUER, aud: AUDIENCE, exp, ...changes };
  return jwt.sign(JSON.parse(JSON.stringify(claims)) as object, key.privateKey, {
    algorithm: key.algorithm,
    header: { alg: key.algorithm, kid: key.kid, ...header },
    noTimestamp: true,
    allowInsecureKeySizes: true,
  });
}
