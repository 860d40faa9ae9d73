import { EventEmitter, once } from 'node:events';
import {
  type BedrockAgentEmulator,
  startBedrockAgentEmulator,
} from '../../../src/local/emulator/bedrock-agent/server.js';
import { startEmbeddedTable } from '../embedded-table.js';
import { type GatedCall, startGate } from '../gate.js';
import { expectDescribedResponses } from '../openapi/response-listener.js';
import { spawnServer } from '../spawned-server.js';
import { storageCall } from '../storage-calls.js';
import { SECRET } from '../tokens.js';
import { buildPackage, findPackageNode } from './package.js';

/** The package behind `npm run lambda -- serve`. As on Lambda, other functions start while one is busy. */
export interface ServedPackage {
  readonly url: string;
  readonly agent: BedrockAgentEmulator;
  /** From now on no turn can begin, or all can again. */
  readonly refuse: (isRefused: boolean) => void;
  /** Resolves when a stream is resumed by another function than its own. That one reads whether the turn is stored. */
  untilResumed(): Promise<unknown>;
  close(): Promise<void>;
}

/** Serves the package. @param variables - of the functions, besides their table, agent and secret. */
export async function servePackage(variables: Readonly<Record<string, string>>): Promise<ServedPackage> {
  const [folder, node, table, agent] = await Promise.all([
    buildPackage(),
    findPackageNode(),
    startEmbeddedTable(),
    startBedrockAgentEmulator({ chunkBytes: 60 }),
  ]);
  const resumes = new EventEmitter();
  let isRefused = false;
  const gate = await startGate(String(table.environment.AWS_ENDPOINT_URL_DYNAMODB), (call) => {
    if (isTurnRead(call)) resumes.emit('read');
    return isRefused && isBegin(call) ? 'refuse' : 'forward';
  });
  const served = spawnServer(
    {
      AGENT_ID: 'AGENT',
      AGENT_ALIAS_ID: 'ALIAS',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: agent.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint,
      JWT_SECRET_KEY: SECRET,
      LOG_LEVEL: 'verbose',
      TURNS_PER_MINUTE: '0',
      ...variables,
    },
    { script: ['scripts/lambda.ts', 'serve', '--package', folder, '--node', node] },
  );
  const [, url = ''] = await served.untilPrinted(/ready on (http:\S+)/);
  const endExpectation = expectDescribedResponses(url);
  return {
    url,
    agent,
    refuse: (refused) => void (isRefused = refused),
    untilResumed: () => once(resumes, 'read'),
    close: async () => {
      const code = await served.end('SIGTERM');
      endExpectation();
      await Promise.all([gate.close(), table.close(), agent.close()]);
      if (code !== 0) throw new Error(`It ended with ${code}:\n${served.printed}`);
    },
  };
}

function isBegin(call: GatedCall): boolean {
  return storageCall(commandOf(call), JSON.parse(call.body) as object).step === 'begin';
}

/** Pages of a chat are read by queries. */
function isTurnRead(call: GatedCall): boolean {
  return commandOf(call) === 'GetItemCommand' && call.body.includes('#T#');
}

/** The SDK's command, such as `GetItemCommand`. */
function commandOf({ headers }: GatedCall): string {
  return `${String(headers['x-amz-target']).split('.').at(-1)}Command`;
}
