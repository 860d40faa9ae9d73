import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigurationError, loadEnvironment, type RawEnvironment } from '../../src/config/environment.js';
import { resolveSecrets } from '../../src/config/resolve-secrets.js';

const ARN = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:jwt-signing-key-AbCdEf';
const KEY = 'k9fJ2mQx7Lw4Rz8Tn1Vb6Yc3Hd5Gs0Pa';

interface Call {
  readonly target: unknown;
  readonly authorization: string;
  readonly body: unknown;
}

describe('resolveSecrets', () => {
  /** A Secrets Manager with one operation, in AWS JSON 1.1. */
  let server: Server;
  let calls: Call[];
  let behaviour: { status: number; body: object } | 'silence';
  let variables: RawEnvironment;

  beforeEach(async () => {
    calls = [];
    behaviour = { status: 200, body: { ARN, Name: 'jwt-signing-key', SecretString: KEY } };
    const handle = async (request: IncomingMessage, response: ServerResponse) => {
      const { 'x-amz-target': target, authorization = '' } = request.headers;
      calls.push({ target, authorization, body: await json(request) });
      if (behaviour === 'silence') return;
      response.writeHead(behaviour.status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(behaviour.body));
    };
    server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    variables = {
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      JWT_SECRET_ARN: ARN,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
  });

  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function findProblem(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(ConfigurationError);
    const { problems, message, stack } = error as ConfigurationError;
    for (const text of [message, stack]) {
      expect(text).not.toContain(ARN);
      expect(text).not.toContain(KEY);
    }
    expect(problems).toHaveLength(1);
    return problems[0] ?? '';
  }

  it('reads the secret in its own region into JWT_SECRET_KEY', async () => {
    const resolved = await resolveSecrets({ ...variables, AWS_REGION: 'us-east-1' });
    expect(loadEnvironment(resolved)).toMatchObject({ AGENT_ID: 'AGENT', JWT_SECRET_KEY: KEY });
    expect(calls).toEqual([
      {
        target: 'secretsmanager.GetSecretValue',
        authorization: expect.stringContaining('/eu-central-1/secretsmanager/aws4_request'),
        body: { SecretId: ARN },
      },
    ]);
  });

  it('changes nothing and sends no request without JWT_SECRET_ARN', async () => {
    const plain = { ...variables, JWT_SECRET_ARN: ' ', JWT_SECRET_KEY: KEY };
    expect(await resolveSecrets(plain)).toBe(plain);
    expect(calls).toEqual([]);
  });

  it.each([
    ['text', KEY],
    ['JSON with the key and others', JSON.stringify({ issuer: 'x', JWT_SECRET_KEY: KEY })],
  ])('accepts a secret of %s', async (_form, SecretString) => {
    behaviour = { status: 200, body: { ARN, SecretString } };
    expect((await resolveSecrets(variables))['JWT_SECRET_KEY']).toBe(KEY);
  });

  it('uses a text unchanged that only begins like JSON', async () => {
    behaviour = { status: 200, body: { ARN, SecretString: `{${KEY}` } };
    expect((await resolveSecrets(variables))['JWT_SECRET_KEY']).toBe(`{${KEY}`);
  });

  it('leaves the check of the secret to the configuration', async () => {
    behaviour = { status: 200, body: { ARN, SecretString: 'short' } };
    const resolved = await resolveSecrets(variables);
    expect(() => loadEnvironment(resolved)).toThrow('JWT_SECRET_KEY must be at least 32 bytes');
  });

  it.each([
    [
      'AccessDeniedException',
      { status: 400, body: { __type: 'AccessDeniedException', Message: `no access to ${ARN}` } },
    ],
    ['ResourceNotFoundException', { status: 400, body: { __type: 'ResourceNotFoundException', Message: ARN } }],
    ['InternalServiceError', { status: 500, body: { __type: 'InternalServiceError', Message: ARN } }],
  ])('reports in one line that the secret cannot be read: %s', async (code, refusal) => {
    behaviour = refusal;
    expect(await findProblem(resolveSecrets(variables))).toBe(
      `JWT_SECRET_ARN names a secret that cannot be read: ${code}`,
    );
    expect(calls).toHaveLength(refusal.status === 500 ? 3 : 1);
  });

  it('reports a refused connection', async () => {
    const unreachable = { ...variables, AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:1' };
    expect(await findProblem(resolveSecrets(unreachable))).toBe(
      'JWT_SECRET_ARN names a secret that cannot be read: ECONNREFUSED',
    );
  });

  it('reports a missing response within the ten seconds of a start on Lambda', async () => {
    behaviour = 'silence';
    const startedAt = Date.now();
    expect(await findProblem(resolveSecrets(variables))).toBe(
      'JWT_SECRET_ARN names a secret that cannot be read: ETIMEDOUT',
    );
    expect(Date.now() - startedAt).toBeLessThan(9_000);
  }, 15_000);

  it.each([
    ['is not text', { SecretBinary: 'AAAA' }],
    ['of JSON without a JWT_SECRET_KEY that is text', { SecretString: JSON.stringify({ password: KEY }) }],
    ['of JSON without a JWT_SECRET_KEY that is text', { SecretString: JSON.stringify({ JWT_SECRET_KEY: 42 }) }],
  ])('refuses a secret that %s', async (problem, body) => {
    behaviour = { status: 200, body: { ARN, ...body } };
    expect(await findProblem(resolveSecrets(variables))).toContain(problem);
  });

  it('sends no request if the rest of the configuration is not valid', async () => {
    expect(await findProblem(resolveSecrets({ ...variables, JWT_SECRET_KEY: KEY }))).toBe(
      'JWT_SECRET_KEY must not be set with JWT_SECRET_ARN',
    );
    expect(await findProblem(resolveSecrets({ ...variables, AGENT_ID: '' }))).toBe(
      'AGENT_ID is required with AGENT_ALIAS_ID',
    );
    expect(calls).toEqual([]);
  });
});
