import { NodeHttpHandler } from '@smithy/node-http-handler';
import { ConfigurationError, type Environment, loadEnvironment, type RawEnvironment } from './environment.js';

/** Short, because a service that starts waits for it, and Lambda gives a start 10 seconds in all. */
const TIMEOUTS = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };
const ATTEMPTS = 3;

/**
 * Reads the secret that `JWT_SECRET_ARN` names, once, and lays it over `JWT_SECRET_KEY`; without one the variables are
 * given back as they are. The secret is its text as it is, or that of the key `JWT_SECRET_KEY` where the text is a
 * JSON object, which is how the console stores keys and values.
 *
 * @throws ConfigurationError when the configuration is wrong, or the secret cannot be read.
 */
export async function resolveSecrets(raw: RawEnvironment): Promise<RawEnvironment> {
  const arn = raw['JWT_SECRET_ARN']?.trim();
  if (!arn) return raw;
  // What is wrong without asking anyone is said first.
  const text = await secretText(arn, loadEnvironment({ ...raw, JWT_SECRET_ARN: arn }));
  return { ...raw, JWT_SECRET_ARN: undefined, JWT_SECRET_KEY: keyIn(text) };
}

async function secretText(arn: string, environment: Environment): Promise<string | undefined> {
  // Loaded here, so that a start without a secret to read does not pay for it.
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const endpoint = environment.AWS_ENDPOINT_URL_SECRETS_MANAGER;
  const client = new SecretsManagerClient({
    // A secret is read where it is, which need not be where the table is.
    region: arn.split(':')[3] ?? environment.AWS_REGION,
    ...(endpoint && { endpoint }),
    maxAttempts: ATTEMPTS,
    requestHandler: new NodeHttpHandler(TIMEOUTS),
  });
  try {
    return (await client.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString;
  } catch (error) {
    throw new ConfigurationError([`JWT_SECRET_ARN names a secret that cannot be read: ${codeOf(error)}`]);
  } finally {
    client.destroy();
  }
}

/** Never the message of the error, which quotes the ARN. */
function codeOf(error: unknown): string {
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}

function keyIn(text: string | undefined): string {
  if (text === undefined) throw new ConfigurationError(['JWT_SECRET_ARN names a secret that is not text']);
  const entries = asJsonObject(text);
  if (!entries) return text;
  const key = entries['JWT_SECRET_KEY'];
  if (typeof key === 'string') return key;
  throw new ConfigurationError(['JWT_SECRET_ARN names a secret of JSON without a JWT_SECRET_KEY that is text']);
}

/** Undefined for what is no JSON: a random secret may well begin with a brace. */
function asJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
