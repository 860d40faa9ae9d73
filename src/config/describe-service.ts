import { AgentSettings, describeAgent } from './agent-settings.js';
import type { Environment } from './environment.js';
import { AuthSettings, TableSettings } from './settings.js';
import { VERSION } from './version.js';

/** Says in one line for people what runs: agent, table, issuer and version, without a secret or an account. */
export function describeService(environment: Environment): string {
  const agent = describeAgent(new AgentSettings(environment));
  const table = describeTable(new TableSettings(environment));
  const tokens = describeTokens(new AuthSettings(environment));
  return `asking ${agent}; ${table}, ${tokens}, version ${VERSION}`;
}

/** Names the table by its region, or by the server that it is on. */
export function describeTable({ name, region, endpoint }: TableSettings): string {
  return `table ${name} ${endpoint === undefined ? `in ${region}` : `at ${new URL(endpoint).origin}`}`;
}

function describeTokens({ verifiesSignature, keySetUrl, issuer }: AuthSettings): string {
  const from = issuer === undefined ? '' : ` of ${issuer}`;
  if (!verifiesSignature) return `tokens${from} that a gateway has checked`;
  return keySetUrl === undefined ? `tokens${from} signed with a secret` : `tokens${from}`;
}
