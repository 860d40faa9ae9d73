import { join } from 'node:path';
import { findKeySetUrl } from '../config/environment-keys.js';
import type { Environment, RawEnvironment } from '../config/environment.js';
import { devKey } from './dev-key.js';
import { mintToken, tokenSettings } from './dev-token.js';
import { startEmbeddedDynamoDb } from './embedded-dynamodb.js';
import { type LocalAgentPlan, planLocalAgent } from './local-agent.js';
import { buildLocalPage, type LocalPage } from './local-page.js';

const DEMO_USER = 'demo';
const TOKEN_DAYS = 30;

export interface LocalOptions {
  /** The folder for the embedded table, the dev key and the agent's sessions. It is created if it is absent. */
  readonly dataDir: string;
  /** The environment variables. A variable that names a part of your own, such as a table, replaces ours. */
  readonly variables: RawEnvironment;
  /** Gets one line when the model of LOCAL_AGENT_URL fails. */
  readonly onAgentFailure: (line: string) => void;
}

/** The local replacements of AWS and of the login. */
export interface LocalParts {
  /** Which agent replies. */
  readonly agent: Pick<LocalAgentPlan, 'name' | 'endpoint'>;
  /** Variables that override the environment. */
  readonly variables: Readonly<Record<string, string>>;
  /** The folder of the embedded table; undefined if the table is elsewhere. */
  readonly tablePath: string | undefined;
  /**
   * Signs a token for the user `demo` that is valid for 30 days.
   * Returns undefined if tokens are checked with an issuer's keys, because only the issuer can sign one.
   */
  demoToken(environment: Environment): string | undefined;
  /** Builds what the page is told. It gets a token only if the dev key signs it, and no key of yours does. */
  buildPage(environment: Environment): LocalPage;
  close(): Promise<void>;
}

/**
 * Starts the emulated agent. Starts the embedded table, unless `AWS_ENDPOINT_URL_DYNAMODB` names another.
 * Reads or creates the dev key, unless a key is configured.
 *
 * @throws LocalModeError, such as `already running: …`.
 */
export async function startLocal({ dataDir, variables, onAgentFailure }: LocalOptions): Promise<LocalParts> {
  const plan = planLocalAgent(variables);
  const isSet = (name: string) => Boolean(variables[name]?.trim());
  const hasKeys = ['JWT_SECRET_KEY', 'JWT_SECRET_ARN', 'JWT_JWKS_URI', 'JWT_ISSUER'].some(isSet);
  const needsKey = !hasKeys && variables['JWT_VERIFY_SIGNATURE'] !== 'false';
  const key = needsKey ? await devKey(dataDir) : undefined;

  const tablePath = isSet('AWS_ENDPOINT_URL_DYNAMODB') ? undefined : join(dataDir, 'dynamodb');
  const table = tablePath === undefined ? undefined : await startEmbeddedDynamoDb({ path: tablePath });
  const agent = await plan.start(dataDir, onAgentFailure);
  const demoToken = (environment: Environment) =>
    findKeySetUrl(environment) === undefined
      ? mintToken({
          ...tokenSettings(environment, DEMO_USER),
          // Without verification any secret will do.
          secret: environment.JWT_SECRET_KEY ?? 'not verified',
          expiresInSeconds: TOKEN_DAYS * 24 * 60 * 60,
        })
      : undefined;
  return {
    agent: plan,
    variables: {
      ...agent.variables,
      ...(table && { AWS_ENDPOINT_URL_DYNAMODB: table.endpoint }),
      ...(key !== undefined && { JWT_SECRET_KEY: key }),
    },
    tablePath,
    demoToken,
    buildPage: (environment) => buildLocalPage(plan, () => (key === undefined ? undefined : demoToken(environment))),
    close: async () => {
      await Promise.all([agent.close(), table?.close()]);
    },
  };
}
