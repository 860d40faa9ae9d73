import { join } from 'node:path';
import { findKeySetUrl } from '../config/environment-keys.js';
import type { Environment, RawEnvironment } from '../config/environment.js';
import { startBedrockAgentEmulator } from './emulator/bedrock-agent/server.js';
import { devKey } from './dev-key.js';
import { mintToken, tokenSettings } from './dev-token.js';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.js';

const DEMO_USER = 'demo';
const TOKEN_DAYS = 30;
const DEFAULT_SESSION_TTL_SECONDS = 600;
/** With pieces this small and this pause, a usual reply takes one to two seconds, so that streaming can be seen. */
const CHUNK_BYTES = 7;
const DEFAULT_PACE_MS = 30;

export interface LocalOptions {
  /** The folder for the embedded table, the dev key and the agent's sessions. It is created if it is absent. */
  readonly dataDir: string;
  /** The environment variables. A variable that names a part of your own, such as a table, replaces ours. */
  readonly variables: RawEnvironment;
}

/** The local replacements of AWS and of the login. */
export interface LocalParts {
  /** Variables that override the environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** The folder of the embedded table; undefined if the table is elsewhere. */
  readonly tablePath: string | undefined;
  /**
   * Signs a token for the user `demo` that is valid for 30 days.
   * Returns undefined if tokens are checked with an issuer's keys, because only the issuer can sign one.
   */
  demoToken(environment: Environment): string | undefined;
  close(): Promise<void>;
}

/**
 * Starts the emulated agent. Starts the embedded table, unless `AWS_ENDPOINT_URL_DYNAMODB` names another.
 * Reads or creates the dev key, unless a key is configured.
 *
 * @throws LocalModeError, such as `already running: …`.
 */
export async function startLocal({ dataDir, variables }: LocalOptions): Promise<LocalParts> {
  const isSet = (name: string) => Boolean(variables[name]?.trim());
  const hasKeys = ['JWT_SECRET_KEY', 'JWT_SECRET_ARN', 'JWT_JWKS_URI', 'JWT_ISSUER'].some(isSet);
  const needsKey = !hasKeys && variables['JWT_VERIFY_SIGNATURE'] !== 'false';
  const key = needsKey ? await devKey(dataDir) : undefined;

  const tablePath = isSet('AWS_ENDPOINT_URL_DYNAMODB') ? undefined : join(dataDir, 'dynamodb');
  const table = tablePath === undefined ? undefined : await startEmbeddedDynamoDb({ path: tablePath });
  const sessionTtl = Number(variables['AGENT_SESSION_TTL_SECONDS']) || DEFAULT_SESSION_TTL_SECONDS;
  const agent = await startBedrockAgentEmulator({
    idleTtlSeconds: sessionTtl,
    chunkBytes: CHUNK_BYTES,
    paceMs: isSet('LOCAL_AGENT_PACE_MS') ? Number(variables['LOCAL_AGENT_PACE_MS']) : DEFAULT_PACE_MS,
    sessionsFile: join(dataDir, 'agent-sessions.json'),
  });
  return {
    variables: {
      AGENT_ID: 'LOCALAGENT',
      AGENT_ALIAS_ID: 'LOCALALIAS',
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
      ...(table && { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint }),
      ...(key !== undefined && { JWT_SECRET_KEY: key }),
    },
    tablePath,
    demoToken: (environment) =>
      findKeySetUrl(environment) === undefined
        ? mintToken({
            ...tokenSettings(environment, DEMO_USER),
            // Without verification any secret will do.
            secret: environment.JWT_SECRET_KEY ?? 'not verified',
            expiresInSeconds: TOKEN_DAYS * 24 * 60 * 60,
          })
        : undefined,
    close: async () => {
      await Promise.all([agent.close(), table?.close()]);
    },
  };
}
