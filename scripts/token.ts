import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { EnvFileError, loadEnvFile } from '../src/config/env-file.js';
import { withoutAgent } from '../src/config/environment-agent.js';
import { resolveSecrets } from '../src/config/resolve-secrets.js';
import { ConfigurationError, loadEnvironment } from '../src/config/environment.js';
import { devKey } from '../src/local/dev-key.js';
import { mintToken, tokenSettings } from '../src/local/dev-token.js';
import { resolveDataDir, LocalModeError } from '../src/local/local-mode.js';

const USAGE = `Usage: npm run token -- --sub alice [options]

  --sub <user>         the user of the token
  --email <address>    <user>@example.com by default
  --username <name>    <user> by default
  --expires-in <s>     seconds from now, 3600 by default
  --expired            makes a token that expired an hour ago
  --issuer <iss>       JWT_ISSUER by default
  --audience <aud>     the first of JWT_AUDIENCE by default
  --help               prints this

The key is JWT_SECRET_KEY or the secret of JWT_SECRET_ARN, from the environment or .env.
If neither is set, it is the dev key in DATA_DIR, which local mode uses too.
The token goes to standard output. The user and the key's name go to standard error.`;

/** The command line cannot be understood, or the issuer's keys are not here. */
class UsageError extends Error {}

interface SigningKey {
  readonly secret: string;
  /** For the person who runs this; without the secret and the ARN. */
  readonly name: string;
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        sub: { type: 'string' },
        email: { type: 'string' },
        username: { type: 'string' },
        'expires-in': { type: 'string' },
        expired: { type: 'boolean', default: false },
        issuer: { type: 'string' },
        audience: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function parseLifetime(expiresIn: string | undefined, expired: boolean): number {
  if (expired && expiresIn !== undefined) throw new UsageError('--expired and --expires-in exclude each other');
  if (expired) return -3600;
  const seconds = Number(expiresIn ?? 3600);
  if (!Number.isInteger(seconds) || seconds <= 0) throw new UsageError('--expires-in must be a number of seconds');
  return seconds;
}

/** @param resolved - the variables, after the secret of `JWT_SECRET_ARN` has been read. */
async function findKey(resolved: Readonly<Record<string, string | undefined>>): Promise<SigningKey> {
  const isSet = (name: string) => Boolean(resolved[name]?.trim());
  const secret = resolved['JWT_SECRET_KEY'] ?? '';
  if (secret.trim()) {
    return { secret, name: process.env['JWT_SECRET_ARN'] ? 'the secret of JWT_SECRET_ARN' : 'JWT_SECRET_KEY' };
  }
  if (isSet('JWT_JWKS_URI') || isSet('JWT_ISSUER')) {
    throw new UsageError('The tokens come from JWT_ISSUER, whose keys are not ours; set JWT_SECRET_KEY to sign some');
  }
  const dataDir = resolveDataDir(process.env);
  const reason = 'because neither JWT_SECRET_KEY nor JWT_SECRET_ARN is set';
  return { secret: await devKey(dataDir), name: `the dev key of ${resolve(dataDir)}, ${reason}` };
}

async function main(): Promise<void> {
  const { sub, email, username, issuer, audience, expired, help, 'expires-in': expiresIn } = readArguments();
  if (help) return console.log(USAGE);
  if (!sub) throw new UsageError('--sub is required');
  const expiresInSeconds = parseLifetime(expiresIn, expired);
  loadEnvFile(process.env);
  // It is often set to the output of an AWS command, which is empty for the wrong region or stack.
  if (process.env['JWT_SECRET_ARN']?.trim() === '') {
    throw new ConfigurationError([
      'JWT_SECRET_ARN is set but empty: unset it, or check the stack and region it is from',
    ]);
  }
  // The server's variables and rules apply; a token needs no agent.
  const variables = { ...withoutAgent(process.env), JWT_VERIFY_SIGNATURE: 'true' };
  const resolved = await resolveSecrets(variables);
  const { secret, name } = await findKey(resolved);
  const settings = tokenSettings(loadEnvironment({ ...resolved, JWT_SECRET_KEY: secret }), sub);
  const now = Date.now();
  const token = mintToken({
    ...settings,
    secret,
    email,
    username,
    expiresInSeconds,
    issuer: issuer ?? settings.issuer,
    audience: audience ?? settings.audience,
    now,
  });
  const expiry = new Date(now + expiresInSeconds * 1000).toISOString();
  console.error(`User ${sub}; ${expired ? 'expired at' : 'expires at'} ${expiry}; signed with ${name}.`);
  console.log(token);
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else {
    const isExplained = [ConfigurationError, EnvFileError, LocalModeError].some((type) => error instanceof type);
    console.error(isExplained ? (error as Error).message : error);
  }
  process.exitCode = 1;
}
