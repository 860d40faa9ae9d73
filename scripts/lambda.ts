import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { EnvFileError, loadEnvFile } from '../src/config/env-file.js';
import { ConfigurationError } from '../src/config/environment.js';
import { findHandler, insertToken } from './lambda/events.js';
import { LocalFunction, type PackageHandler, RUNTIME_CLIENT, findRuntimeClient } from './lambda/local-function.js';
import { startFunctionParts } from './lambda/local-parts.js';
import { CACHE_NODE, findNode } from './lambda/node-binary.js';
import { FunctionError } from './lambda/function-error.js';
import { PACKAGE_FOLDER } from './lambda/package.js';
import { serve } from './lambda/serve.js';

const USAGE = `Usage: npm run lambda -- invoke <event.json> [options]
       npm run lambda -- serve [options]
       npm run lambda -- install

  invoke             runs the package with one event and prints the response. {{ID_TOKEN}} in the file becomes a
                     token. The response of POST /chat/stream is printed while it comes
  serve              listens on HOST and PORT, and forwards every request as the event of a REST API. It prints
                     a token of its own
  install            installs what npm ci does not: AWS's runtime client, which compiles an addon, and the Node
                     of the runtime. The other commands install what they miss themselves

  --package <folder> build/lambda by default, which npm run build:lambda makes
  --node <node>      a version such as 24 or 24.10.0, or the path of a Node. By default the Node that runs this
  --help             prints this

Without an agent of your own it is emulated, and the table is in memory.`;

/** The command line cannot be understood, or there is no package. */
class UsageError extends Error {}

function readArguments() {
  try {
    const options = {
      package: { type: 'string', default: PACKAGE_FOLDER },
      node: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    return { ...values, command: positionals[0], file: positionals[1] };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function main(): Promise<void> {
  const { command, file, node = process.execPath, package: folder, help } = readArguments();
  if (help) return console.log(USAGE);
  if (command === 'install') return install();
  if (command !== 'serve' && (command !== 'invoke' || file === undefined))
    throw new UsageError('There is no such command');
  if (!existsSync(join(folder, 'lambda.mjs')))
    throw new UsageError(`There is no package in ${folder}: run npm run build:lambda first`);
  const event = file === undefined ? '' : readFileSync(file, 'utf8');
  loadEnvFile(process.env);
  const parts = await startFunctionParts(pickFunctionVariables(process.env));
  const start = async (handler: PackageHandler) =>
    LocalFunction.start({
      folder: resolve(folder),
      handler,
      node: await findNode(node),
      variables: parts.variables,
    });
  let serves = false;
  try {
    if (command === 'invoke') return await invoke(start, insertToken(event, parts.token));
    const { HOST: host = '127.0.0.1', PORT: port = 3000 } = process.env;
    await serve({ start, token: parts.token, hasOwnKey: parts.hasOwnKey, host, port: Number(port) });
    serves = true;
  } finally {
    if (!serves) await parts.close();
  }
}

async function invoke(start: (handler: PackageHandler) => Promise<LocalFunction>, event: string): Promise<void> {
  const handler = findHandler(event);
  const lambda = await start(handler);
  try {
    await print(lambda, handler, event);
  } finally {
    await lambda.stop();
  }
}

/** Prints the response as JSON. If it streams, only its status and headers are JSON, and the stream follows. */
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
  console.log(`1 of 2: AWS's runtime client, ${RUNTIME_CLIENT}`);
  console.log(`        ready in ${relative('.', await findRuntimeClient())}`);
  console.log(`2 of 2: Node ${CACHE_NODE}, which makes the code cache`);
  console.log(`        ready in ${relative('.', await findNode(CACHE_NODE))}`);
  console.log('Done: npm run lambda -- invoke and serve have what they need.');
}

/** Picks the variables that configure a deployed function. */
function pickFunctionVariables(all: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(AGENT|AWS|CHAT|CORS|DYNAMODB|JWT|PROMPT|TURNS)_|^LOG_LEVEL$/;
  return Object.fromEntries(Object.entries(all).filter(([name]) => ours.test(name)));
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else if ([ConfigurationError, EnvFileError, FunctionError].some((type) => error instanceof type))
    console.error((error as Error).message);
  // Errors of the system, such as a port in use or a missing file.
  else if (error instanceof Error && 'syscall' in error) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
}
