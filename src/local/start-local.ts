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
/** Milliseconds between two chunks of an answer: slow enough to be seen streaming, fast enough not to bore. */
const PACE_MS = 10;

export interface LocalOptions {
  /** The folder for the embedded table, the dev key and the agent's sessions; made when absent. */
  readonly dataDir: string;
  /** The variables the service was started with; those that name a part of one's own are honoured. */
  readonly variables: RawEnvironment;
}

/** What stands in for AWS and the login while the service runs locally. */
export interface LocalParts {
  /** Settings for the service, to be laid over those it was started with. */
  readonly variables: Readonly<Record<string, string>>;
  /** The folder of the embedded table, or undefined where the table is elsewhere. */
  readonly tablePath: string | undefined;
  /**
   * A token for the user `demo`, valid for 30 days, that passes the checks of this configuration; undefined where an
   * issuer's keys check them, because only that issuer can make one.
   */
  demoToken(environment: Environment): string | undefined;
  close(): Promise<void>;
}

/**
 * Starts the emulated agent, the embedded table unless `AWS_ENDPOINT_URL_DYNAMODB` names another, and finds or makes
 * the dev key unless there is a key already.
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
    paceMs: PACE_MS,
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
            // A token that nobody verifies has to be signed with something too.
            secret: environment.JWT_SECRET_KEY ?? 'not verified by anyone here',
            expiresInSeconds: TOKEN_DAYS * 24 * 60 * 60,
          })
        : undefined,
    close: async () => {
      await Promise.all([agent.close(), table?.close()]);
    },
  };
}
