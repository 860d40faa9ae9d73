import { randomBytes } from 'node:crypto';
import { TableSettings } from '../../src/config/settings.js';
import { createDynamoDbClient } from '../../src/dynamodb/dynamodb.client.js';
import { resolveSecrets } from '../../src/config/resolve-secrets.js';
import { ensureChatTable } from '../../src/dynamodb/table-schema.js';
import { AGENTS, findForeignSetting } from '../../src/config/environment-agent.js';
import { loadEnvironment, type RawEnvironment } from '../../src/config/environment.js';
import { mintToken, tokenSettings } from '../../src/local/dev-token.js';
import { startEmbeddedDynamoDb } from '../../src/local/embedded-dynamodb.js';
import { type AgentKind, startLocalAgent } from './local-agents.js';

/** Signs tokens if no other secret is configured. New with each run. */
const LOCAL_SECRET = randomBytes(32).toString('base64url');

/** What a function on this machine needs: a table, an agent and a token. The table and the agent are in memory. */
export interface FunctionParts {
  /** Configuration of the function: the given variables, and the variables of the started parts. */
  readonly variables: Readonly<Record<string, string>>;
  /** A token of the user `demo` that this configuration accepts for a day. */
  readonly token: string;
  /** Whether the token's key exists in this run only, so that `npm run token` cannot sign with it. */
  readonly hasOwnKey: boolean;
  close(): Promise<void>;
}

/**
 * Starts the parts that `given` does not configure.
 *
 * @param kind - of the emulated agent.
 * @throws ConfigurationError when `given` is not valid.
 */
export async function startFunctionParts(
  given: RawEnvironment,
  kind: AgentKind = 'bedrock-agent',
): Promise<FunctionParts> {
  const isSet = (name: string) => Boolean(given[name]?.trim());
  // A setting of an agent without that agent is a mistake, which the check of the configuration names.
  const hasAgent = AGENTS.some(isSet) || findForeignSetting(isSet, 'AGENT_ID') !== undefined;
  const agent = hasAgent ? undefined : await startLocalAgent(kind);
  const dynamoDb = !agent || isSet('AWS_ENDPOINT_URL_DYNAMODB') ? undefined : await startEmbeddedDynamoDb();
  const hasKey = isSet('JWT_SECRET_KEY') || isSet('JWT_SECRET_ARN') || given['JWT_VERIFY_SIGNATURE'] === 'false';
  const variables = {
    ...omitBlank(given),
    ...(agent && {
      ...agent.variables,
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    }),
    ...(dynamoDb && { AWS_ENDPOINT_URL_DYNAMODB: dynamoDb.endpoint }),
    ...(!hasKey && { JWT_SECRET_KEY: LOCAL_SECRET }),
  };
  if (agent) Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  const environment = loadEnvironment(await resolveSecrets(variables));
  if (dynamoDb) {
    const client = createDynamoDbClient(new TableSettings(environment));
    await ensureChatTable(client, environment.DYNAMODB_TABLE, { timeToLive: false });
    client.destroy();
  }
  return {
    variables,
    hasOwnKey: !hasKey,
    token: mintToken({
      ...tokenSettings(environment, 'demo'),
      // Without verification any key will do.
      secret: environment.JWT_SECRET_KEY ?? LOCAL_SECRET,
      expiresInSeconds: 86_400,
    }),
    close: async () => {
      await Promise.all([agent?.close(), dynamoDb?.close()]);
    },
  };
}

function omitBlank(variables: RawEnvironment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value?.trim() ? [[name, value]] : [])),
  );
}
