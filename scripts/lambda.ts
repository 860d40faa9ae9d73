import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../src/config/environment.js';
import { handlerFor, withToken } from './lambda/events.js';
import { LocalFunction, type PackageHandler, runtimeClient } from './lambda/local-function.js';
import { startFunctionParts } from './lambda/local-parts.js';
import { nodeBinary, RUNTIME_NODE } from './lambda/node-binary.js';
import { FunctionError } from './lambda/function-error.js';
import { PACKAGE_FOLDER } from './lambda/package.js';
import { serve } from './lambda/serve.js';

const USAGE = `Usage: npm run lambda -- invoke <event.json> [options]
       npm run lambda -- serve [options]
       npm run lambda -- install

  invoke             runs the package with one event and prints its answer; {{ID_TOKEN}} in the file becomes a token.
                     The answer of POST /chat/stream is printed as it comes
  serve              an HTTP server on HOST and PORT that passes every request on as the event of a REST API

  install            gets what the others need and npm ci does not install: AWS's runtime client, which compiles
                     an addon, and the Node of the runtime; they do it themselves when it is not there

  --package <folder> by default build/lambda, which npm run build:lambda makes
  --node <node>      a version such as 24 or 24.10.0, or the path of one; by default the Node that runs this

Without AGENT_ID the agent is emulated and the table is embedded, in memory.`;

/** The command line cannot be understood, or there is nothing to run. */
class UsageError extends Error {}

function readArguments() {
  try {
    const options = { package: { type: 'string', default: PACKAGE_FOLDER }, node: { type: 'string' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { ...values, command: positionals[0], file: positionals[1] };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const { command, file, node = process.execPath, package: folder } = readArguments();
  if (command === 'install') return install();
  if (command !== 'serve' && (command !== 'invoke' || file === undefined)) throw new UsageError('What shall it do?');
  if (!existsSync(join(folder, 'lambda.mjs'))) throw new UsageError(`There is no package in ${folder}`);
  const event = file === undefined ? '' : readFileSync(file, 'utf8');
  if (existsSync('.env')) process.loadEnvFile('.env');
  const parts = await startFunctionParts(functionVariables(process.env));
  const start = async (handler: PackageHandler) =>
    LocalFunction.start({
      folder: resolve(folder),
      handler,
      node: await nodeBinary(node),
      variables: parts.variables,
    });
  let serves = false;
  try {
    if (command === 'invoke') return await invoke(start, withToken(event, parts.token));
    const { HOST: host = '127.0.0.1', PORT: port = 3000 } = process.env;
    await serve({ start, token: parts.token, host, port: Number(port) });
    serves = true;
  } finally {
    if (!serves) await parts.close();
  }
}

async function invoke(start: (handler: PackageHandler) => Promise<LocalFunction>, event: string): Promise<void> {
  const handler = handlerFor(event);
  const lambda = await start(handler);
  try {
    await print(lambda, handler, event);
  } finally {
    await lambda.stop();
  }
}

/** Prints the answer to an event as JSON, or what comes before a stream as JSON, and then the stream. */
async function print(lambda: LocalFunction, handler: PackageHandler, event: string): Promise<void> {
  if (handler === 'lambda.handler') {
    console.log(JSON.stringify(await lambda.invoke(event), undefined, 2));
    return;
  }
  const { body, ...prelude } = await lambda.invokeStream(event);
  console.log(JSON.stringify(prelude, undefined, 2));
  await pipeline(body, process.stdout, { end: false });
}

async function install(): Promise<void> {
  await runtimeClient();
  await nodeBinary(RUNTIME_NODE);
}

/** What a deployed function would be configured with, and no more of this machine's environment. */
function functionVariables(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(AGENT|AWS|CHAT|CORS|DYNAMODB|JWT|PROMPT|TURNS)_|^LOG_LEVEL$/;
  return Object.fromEntries(Object.entries(all).filter(([name]) => ours.test(name)));
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if (error instanceof ConfigurationError || error instanceof FunctionError) console.error(error.message);
  // Of the system: a port in use, an event's file that is not there.
  else if (error instanceof Error && 'syscall' in error) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}
