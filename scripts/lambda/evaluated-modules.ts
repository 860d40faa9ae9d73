import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { Readable } from 'node:stream';

const DRIVER = join(import.meta.dirname, 'evaluated-driver.mjs');
/** A provider of an agent, or the package of an SDK client. */
const PROVIDER_OR_CLIENT = /[\w-]+\.provider(?=\.js$)|(?<=@aws-sdk\/)client-[\w-]+/;

/** A function that handles one event. */
export interface EvaluatedFunction {
  /** The folder of its package. */
  readonly folder: string;
  /** Path of the Node that runs it. */
  readonly node: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly event: object;
}

/**
 * Lists the providers and SDK clients that a function evaluates on demand, such as `client-bedrock-runtime`. The client
 * of DynamoDB is not in the list, because each start evaluates it.
 *
 * @throws Error when the response has another status than 200.
 */
export async function listEvaluated({ folder, node, variables, event }: EvaluatedFunction): Promise<string[]> {
  const child = spawn(node, [DRIVER, join(folder, 'lambda.mjs')], {
    env: { ...variables, EVENT: JSON.stringify(event) },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const output = (await json(child.stdio[3] as Readable)) as { statusCode: number; modules: string[] };
  if (output.statusCode !== 200) throw new Error(`The function returned status ${output.statusCode}`);
  return [...new Set(output.modules.flatMap((path) => PROVIDER_OR_CLIENT.exec(path) ?? []))].toSorted();
}
