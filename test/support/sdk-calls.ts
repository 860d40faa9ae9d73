import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The IAM names of the clients' services. */
const SERVICES: Readonly<Record<string, string>> = {
  '@aws-sdk/client-dynamodb': 'dynamodb',
  '@aws-sdk/lib-dynamodb': 'dynamodb',
  '@aws-sdk/client-bedrock-agent-runtime': 'bedrock',
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
/** Creates the table, for `npm run table` and local mode. It does not run on Lambda. */
const TABLE_MAKER = 'src/dynamodb/table-schema.ts';

export interface SdkCalls {
  /** IAM actions, sorted. */
  readonly actions: readonly string[];
  /** Whether a query reads an index and not the table. */
  readonly readsIndex: boolean;
}

/** The AWS calls of the code that an entry imports, found by the SDK's commands. */
export function sdkCallsFrom(entry: string): SdkCalls {
  const sources = [...reachable(entry)].filter(([path]) => path !== TABLE_MAKER).map(([, source]) => source);
  const actions = sources.flatMap((source) =>
    Object.entries(SERVICES).flatMap(([client, service]) =>
      namesImported(source, client).flatMap((name) => {
        const command = /^([A-Z]\w*)Command$/.exec(name)?.[1];
        return command === undefined ? [] : [`${service}:${OPERATIONS[command] ?? command}`];
      }),
    ),
  );
  return {
    actions: [...new Set(actions)].toSorted(),
    readsIndex: sources.some((source) => /\bIndexName\b/.test(source)),
  };
}

/** Returns a module and its imports by path, without imports of types. */
function reachable(path: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(path)) return found;
  const source = readFileSync(path, 'utf8');
  found.set(path, source);
  const imports = source.matchAll(
    /^(?:import|export) (?!type )[^;]*?from '(\.[^']+)\.js'|\bimport\('(\.[^']+)\.js'\)/gm,
  );
  for (const [, fixed, lazy] of imports) reachable(join(dirname(path), `${fixed ?? lazy}.ts`), found);
  return found;
}

function namesImported(source: string, client: string): string[] {
  const fixed = new RegExp(`import (?!type )\\{([^{}]*)\\} from '${client}'`, 'g');
  const lazy = new RegExp(`\\{([^{}]*)\\} = await import\\('${client}'\\)`, 'g');
  const lists = [...source.matchAll(fixed), ...source.matchAll(lazy)].map(([, names = '']) => names);
  return lists.flatMap((names) => names.split(',').map((name) => name.trim()));
}
