import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolveSecrets } from '../src/config/resolve-secrets.js';
import { ConfigurationError, loadEnvironment } from '../src/config/environment.js';
import { devKey } from '../src/local/dev-key.js';
import { mintToken, tokenSettings } from '../src/local/dev-token.js';
import { resolveDataDir, LocalModeError } from '../src/local/local-mode.js';

const USAGE = `Usage: npm run token -- --sub alice [options]

  --sub <user>         the user the token is for
  --email <address>    by default <user>@example.com
  --username <name>    by default <user>
  --expires-in <s>     seconds from now, by default 3600
  --expired            a token that expired an hour ago
  --issuer <iss>       by default JWT_ISSUER
  --audience <aud>     by default the first of JWT_AUDIENCE

It is signed with JWT_SECRET_KEY or the secret of JWT_SECRET_ARN, from the environment or .env; without one, with the
dev key in DATA_DIR.`;

/** The command line cannot be understood. */
class UsageError extends Error {}

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
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function lifetime(expiresIn: string | undefined, expired: boolean): number {
  if (expired && expiresIn !== undefined) throw new UsageError('--expired and --expires-in exclude each other');
  if (expired) return -3600;
  const seconds = Number(expiresIn ?? 3600);
  if (!Number.isInteger(seconds) || seconds <= 0) throw new UsageError('--expires-in must be a number of seconds');
  return seconds;
}

async function token(): Promise<string> {
  const { sub, email, username, issuer, audience, expired, 'expires-in': expiresIn } = readArguments();
  if (!sub) throw new UsageError('--sub is required');
  const expiresInSeconds = lifetime(expiresIn, expired);
  if (existsSync('.env')) process.loadEnvFile('.env');
  // The same variables under the same rules as the server's; no agent is needed to sign a token.
  const variables = { ...process.env, AGENT_ID: 'NONE', AGENT_ALIAS_ID: 'NONE', JWT_VERIFY_SIGNATURE: 'true' };
  const resolved = await resolveSecrets(variables);
  const isSet = (name: string) => Boolean(resolved[name]?.trim());
  if (!isSet('JWT_SECRET_KEY') && (isSet('JWT_JWKS_URI') || isSet('JWT_ISSUER'))) {
    throw new UsageError('The tokens come from JWT_ISSUER, whose keys are not ours; set JWT_SECRET_KEY to sign some');
  }
  const secret = (isSet('JWT_SECRET_KEY') && resolved['JWT_SECRET_KEY']) || (await devKey(resolveDataDir(process.env)));
  const settings = tokenSettings(loadEnvironment({ ...resolved, JWT_SECRET_KEY: secret }), sub);
  return mintToken({
    ...settings,
    secret,
    email,
    username,
    expiresInSeconds,
    issuer: issuer ?? settings.issuer,
    audience: audience ?? settings.audience,
  });
}

try {
  console.log(await token());
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof ConfigurationError || error instanceof LocalModeError) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}
