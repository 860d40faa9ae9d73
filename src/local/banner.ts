import { findKeySetUrl } from '../config/environment-keys.js';
import type { Environment, RawEnvironment } from '../config/environment.js';
import { isLoopback } from '../config/loopback.js';
import type { LocalAgentPlan } from './local-agent.js';

export interface BannerFacts {
  /** Which agent replies. */
  readonly agent: Pick<LocalAgentPlan, 'name' | 'endpoint'>;
  /** Where this machine reaches the service, without a slash at the end. */
  readonly url: string;
  readonly tableName: string;
  /** The folder of the embedded table, or the endpoint of your own DynamoDB. */
  readonly storage: string;
  /** A token for the user `demo`; undefined if only the configured issuer can sign one. */
  readonly token: string | undefined;
  /** What leaves this machine. */
  readonly outgoing: readonly string[];
}

/** Builds what local mode prints when it is ready: its parts, a token, and commands that work as printed. */
export function buildBanner({ agent, url, tableName, storage, token, outgoing }: BannerFacts): string {
  const buildCommand = (body: string) =>
    `curl -sS ${url}/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' -d ${body}`;
  const first = buildCommand(`'{"prompt":"Plan a weekend in Lisbon"}'`);
  // Every machine that runs this has Node, and not every one has jq.
  const chatId = `node -pe 'JSON.parse(require("fs").readFileSync(0)).chat.id'`;
  return `
  The chat API is ready on ${url} (local mode: ${describePrivacy(outgoing)})

    agent   ${describeAgent(agent)}
    table   ${tableName} in ${storage}
    token   ${token ? 'user demo, 30 days; others: npm run token -- --sub alice' : 'from JWT_ISSUER'}

  A page to talk to it:

    ${url}/

${token ? `  A token:\n\n    export ID_TOKEN=${token}` : '  Set ID_TOKEN to a token from JWT_ISSUER first.'}

  The API, to read and to try:

    ${url}/docs

  A question:

    ${first}

  A chat that goes on, and is read back:

    export CHAT_ID=$(${first} | ${chatId})
    ${buildCommand(`'{"prompt":"What did I ask you first?","chat_id":"'$CHAT_ID'"}'`)}
    curl -sS ${url}/chats/$CHAT_ID -H "id_token: $ID_TOKEN"
`;
}

function describeAgent({ name, endpoint }: BannerFacts['agent']): string {
  if (endpoint) return `emulated (${name}); ${endpoint.model ?? 'the model'} at ${endpoint.url.origin} replies`;
  return `emulated (${name}); docs/agents.md says how to ask a real one`;
}

function describePrivacy(outgoing: BannerFacts['outgoing']): string {
  return outgoing.length === 0 ? 'no AWS account, nothing leaves this machine' : outgoing.join(', ');
}

/**
 * Lists what leaves this machine in local mode: for a model, a table, keys or a secret elsewhere.
 *
 * @param variables - the raw variables, because the secret's ARN is gone from the environment once it is read.
 */
export function listOutgoing(
  environment: Environment,
  variables: RawEnvironment,
  { endpoint }: BannerFacts['agent'],
): string[] {
  const { AWS_ENDPOINT_URL_DYNAMODB: table, AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets } = environment;
  const hasStoredSecret = Boolean(variables['JWT_SECRET_ARN']?.trim());
  const secret = secrets === undefined ? 'AWS Secrets Manager' : findRemoteHost(secrets);
  const parts: readonly (readonly [what: string, where: string | undefined])[] = [
    ['prompts go to', findRemoteHost(endpoint?.url)],
    ['chats go to', findRemoteHost(table)],
    ['keys come from', findRemoteHost(findKeySetUrl(environment))],
    ['the secret comes from', hasStoredSecret ? secret : undefined],
  ];
  const outgoing = parts.flatMap(([what, where]) => (where === undefined ? [] : [`${what} ${where}`]));
  return isLoopback(environment.HOST) ? outgoing : [...outgoing, 'other machines can call it'];
}

function findRemoteHost(address: string | URL | undefined): string | undefined {
  if (address === undefined) return undefined;
  const { host, hostname } = new URL(address);
  return isLoopback(hostname) ? undefined : host;
}

/** The URL by which this machine reaches a server on `host`. An address that means "all" cannot be called. */
export function toReachableUrl(host: string, port: number): string {
  const callable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${callable.includes(':') ? `[${callable}]` : callable}:${port}`;
}
