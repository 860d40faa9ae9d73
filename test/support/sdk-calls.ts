import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentTarget } from '../../src/config/agent-settings.js';

export type AgentKind = AgentTarget['kind'];

/** The folder of each provider has the name of its kind. A function evaluates one of them. */
const PROVIDERS = 'src/chat/agent';
const AGENT_KINDS: readonly AgentKind[] = ['bedrock-agent', 'harness', 'converse'];

/** The IAM names of the clients' services. */
const SERVICES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-dynamodb': 'dynamodb',
  '@aws-sdk/lib-dynamodb': 'dynamodb',
  '@aws-sdk/client-bedrock-agent-runtime': 'bedrock',
  '@aws-sdk/client-bedrock-agentcore': 'bedrock-agentcore',
  '@aws-sdk/client-bedrock-runtime': 'bedrock',
  '@aws-sdk/client-secrets-manager': 'secretsmanager',
};
/** Commands of the document client have shorter names than the operations behind them. */
const OPERATIONS: Readonly<Record<string, string>> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  BatchGet: 'BatchGetItem',
  BatchWrite: 'BatchWriteItem',
};
/** Permissions of operations that need another than their own, or more. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  // https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/harness-security.html
  'bedrock-agentcore:InvokeHarness': ['bedrock-agentcore:InvokeHarness', 'bedrock-agentcore:InvokeAgentRuntime'],
  // https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
  'bedrock:ConverseStream': ['bedrock:InvokeModelWithResponseStream'],
};
/** Creates the table, for `npm run table` and local mode. It does not run on Lambda. */
const TABLE_MAKER = 'src/dynamodb/table-schema.ts';

export interface SdkCalls {
  /** IAM actions, sorted. */
  readonly actions: readonly string[];
  /** Whether a query reads an index and not the table. */
  readonly readsIndex: boolean;
}

/** What was found, by entry and agent. Mutated templates ask again and again. */
const found = new Map<string, SdkCalls>();

/**
 * What the code asks of AWS with one kind of agent: the commands of the SDK that it imports. Only code that can be
 * reached from the entry counts.
 */
export function sdkCallsFrom(entry: string, agent: AgentKind): SdkCalls {
  const key = `${entry} ${agent}`;
  const calls = found.get(key) ?? findSdkCalls(entry, agent);
  found.set(key, calls);
  return calls;
}

function findSdkCalls(entry: string, agent: AgentKind): SdkCalls {
  const others = AGENT_KINDS.filter((kind) => kind !== agent).map((kind) => `${PROVIDERS}/${kind}/`);
  const sources = [...reachable(entry, (path) => others.some((folder) => path.startsWith(folder)))]
    .filter(([path]) => path !== TABLE_MAKER)
    .map(([, source]) => source);
  const actions = sources.flatMap((source) =>
    Object.entries(SERVICES).flatMap(([client, service]) =>
      namesImported(source, client).flatMap((name) => {
        const command = /^([A-Z]\w*)Command$/.exec(name)?.[1];
        if (command === undefined) return [];
        const operation = `${service}:${OPERATIONS[command] ?? command}`;
        return PERMISSIONS[operation] ?? [operation];
      }),
    ),
  );
  if (sources.some((source) => /\bguardrailConfig\b/.test(source))) actions.push('bedrock:ApplyGuardrail');
  return {
    actions: [...new Set(actions)].toSorted(),
    readsIndex: sources.some((source) => /\.listByUser\(/.test(source)),
  };
}

/** The module and those it imports, for their values, by path; types are not there at run time. */
function reachable(
  path: string,
  isLeftOut: (path: string) => boolean,
  visited = new Map<string, string>(),
): Map<string, string> {
  if (visited.has(path) || isLeftOut(path)) return visited;
  const source = readFileSync(path, 'utf8');
  visited.set(path, source);
  const imports = source.matchAll(
    /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)\.js'|\bimport\('(\.[^']+)\.js'\)/gm,
  );
  for (const [, fixed, lazy] of imports) reachable(join(dirname(path), `${fixed ?? lazy}.ts`), isLeftOut, visited);
  return visited;
}

function namesImported(source: string, client: string): string[] {
  const fixed = new RegExp(`import (?!type )\\{([^{}]*)\\} from '${client}'`, 'g');
  const lazy = new RegExp(`\\{([^{}]*)\\} = await import\\('${client}'\\)`, 'g');
  const lists = [...source.matchAll(fixed), ...source.matchAll(lazy)].map(([, names = '']) => names);
  return lists.flatMap((names) => names.split(',').map((name) => name.trim()));
}
