import { NodeHttpHandler } from '@smithy/node-http-handler';
import { findArnRegion } from './arn.js';
import { ConfigurationError, type Environment, loadEnvironment, type RawEnvironment } from './environment.js';

/** Short, because the start waits for it, and Lambda allows 10 seconds for a start. */
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
const ATTEMPTS = 3;

/**
 * Reads the secret that `JWT_SECRET_ARN` names into `JWT_SECRET_KEY`. Without `JWT_SECRET_ARN` it returns the variables
 * unchanged. If the secret is a JSON object, its member `JWT_SECRET_KEY` is used: the console stores keys and values so.
 *
 * @throws ConfigurationError if the configuration is not valid, or the secret cannot be read.
 */
export async function resolveSecrets(raw: RawEnvironment): Promise<RawEnvironment> {
  const arn = raw['JWT_SECRET_ARN']?.trim();
  if (!arn) return raw;
  // Other problems of the configuration are reported before a request is sent.
  const text = await readSecret(arn, loadEnvironment({ ...raw, JWT_SECRET_ARN: arn }));
  return { ...raw, JWT_SECRET_ARN: undefined, JWT_SECRET_KEY: parseSecret(text) };
}

async function readSecret(arn: string, environment: Environment): Promise<string | undefined> {
  // Loaded here, so that other starts do not load it.
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const endpoint = environment.AWS_ENDPOINT_URL_SECRETS_MANAGER;
  const client = new SecretsManagerClient({
    // The secret may be in another region than the table.
    region: findArnRegion(arn) ?? environment.AWS_REGION,
    ...(endpoint && { endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: new NodeHttpHandler(TIMEOUTS),
  });
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    throw new ConfigurationError([`JWT_SECRET_ARN names a secret that cannot be read: ${toErrorCode(error)}`]);
  } finally {
    client.destroy();
  }
}

/** Not the message of the error, which quotes the ARN. */
function toErrorCode(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}

function parseSecret(text: string | undefined): string {
  if (text === undefined) throw new ConfigurationError(['JWT_SECRET_ARN names a secret that is not text']);
  const entries = parseJsonObject(text);
  if (!entries) return text;
  const key = entries['JWT_SECRET_KEY'];
  if (typeof key === 'string') return key;
  throw new ConfigurationError(['JWT_SECRET_ARN names a secret of JSON without a JWT_SECRET_KEY that is text']);
}

/** Undefined if the text is not JSON: a random secret may begin with a brace. */
function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
