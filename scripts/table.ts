import { EnvFileError, loadEnvFile } from '../src/config/env-file.js';
import { withoutAgent } from '../src/config/environment-agent.js';
import { TableSettings } from '../src/config/settings.js';
import { createDynamoDbClient } from '../src/dynamodb/dynamodb.client.js';
import { CHAT_LIST_INDEX, ensureChatTable } from '../src/dynamodb/table-schema.js';
import { ConfigurationError, loadEnvironment } from '../src/config/environment.js';
import { toOneLine } from '../src/local/local-mode.js';

/** DynamoDB cannot be reached or refuses. The message is one line. */
class TableError extends Error {}

/** `npm run table`: creates the table with its index and expiry, or adds what is missing, in AWS or at AWS_ENDPOINT_URL_DYNAMODB. */
async function createTable(): Promise<string> {
  loadEnvFile(process.env);
  // A table needs neither an agent nor a key.
  const noKey = { JWT_SECRET_KEY: '', JWT_SECRET_ARN: '', JWT_JWKS_URI: '', JWT_VERIFY_SIGNATURE: 'false' };
  const environment = loadEnvironment({ ...withoutAgent(process.env), ...noKey });
  const { DYNAMODB_TABLE: name, AWS_REGION: region, AWS_ENDPOINT_URL_DYNAMODB: endpoint } = environment;
  const place = endpoint ?? `AWS, ${region}`;
  const client = createDynamoDbClient(new TableSettings(environment));
  try {
    const state = await ensureChatTable(client, name);
    if (state === 'created') return `Created table ${name} (${place})`;
    const advice = `. Its index ${CHAT_LIST_INDEX} is being built: repeat this command to see when it is ready`;
    return `Table ${name} exists (${place})${state === 'index building' ? advice : ''}`;
  } catch (error) {
    throw new TableError(`Table ${name} cannot be created (${place}): ${toOneLine(error)}`);
  } finally {
    client.destroy();
  }
}

try {
  console.log(await createTable());
} catch (error) {
  const isExplained = [ConfigurationError, EnvFileError, TableError].some((type) => error instanceof type);
  console.error(isExplained ? (error as Error).message : error);
  process.exitCode = 1;
}
