import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FUNCTION_MEGABYTES, installTool, isInstalled, LAMBDA_NODE_ARGUMENTS } from './node-binary.js';
import { FunctionError } from './function-error.js';
import { RuntimeApi } from './runtime-api.js';
import type { StreamedResponse } from './streamed-response.js';

/** AWS's runtime client. It is no dependency, because its installation compiles a native addon. */
export const RUNTIME_CLIENT = 'aws-lambda-ric';

/** The handlers of the package: the first buffers its response, the second streams it. */
export type PackageHandler = 'lambda.handler' | 'lambda-stream.handler';

export interface LocalFunctionOptions {
  /** The folder of the package. */
  readonly folder: string;
  /** By default the handler that buffers its response. */
  readonly handler?: PackageHandler;
  /** Path of the Node that runs it. */
  readonly node: string;
  /** Configuration of the function. It gets only `PATH` from the environment of this process. */
  readonly variables: Readonly<Record<string, string>>;
  /** Gets what the function writes. The default writes to standard error. */
  readonly log?: (text: string) => void;
}

/** Whether the runtime client is installed. */
export function hasRuntimeClient(): boolean {
  return isInstalled(RUNTIME_CLIENT);
}

/** The package in its own process, run by Lambda's runtime client. */
export class LocalFunction {
  private constructor(
    private readonly api: RuntimeApi,
    private readonly child: ChildProcess,
    /** Start of its process, in milliseconds of `performance.now()`. */
    readonly startedAt: number,
  ) {}

  /**
   * Starts the function. Installs the runtime client if it is missing.
   *
   * @throws Error when the runtime client cannot be installed, FunctionError when the Node does not exist.
   */
  static async start(options: LocalFunctionOptions): Promise<LocalFunction> {
    const { folder, handler = 'lambda.handler', node, variables, log } = options;
    const client = join(await findRuntimeClient(), 'node_modules/aws-lambda-ric/index.mjs');
    const api = await RuntimeApi.start();
    const startedAt = performance.now();
    const child = spawn(node, [...LAMBDA_NODE_ARGUMENTS, client], {
      cwd: folder,
      env: { ...buildLambdaVariables(folder, handler, api.address), ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const write = log ?? ((text: string) => void process.stderr.write(text));
    child.stdout.setEncoding('utf8').on('data', write);
    child.stderr.setEncoding('utf8').on('data', write);
    child.once('exit', (code, signal) => {
      api.failAll(new FunctionError(`The function ended with ${signal ?? `exit code ${code}`}`));
    });
    try {
      await once(child, 'spawn');
    } catch (error) {
      await api.close();
      throw new FunctionError(`${node} cannot be run: ${(error as NodeJS.ErrnoException).code}`);
    }
    return new LocalFunction(api, child, startedAt);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Whether the next event has to wait. */
  get isBusy(): boolean {
    return this.api.isBusy;
  }

  /**
   * @param event - JSON.
   * @throws FunctionError when the function fails or ends before it responds.
   */
  async invoke(event: string, timeoutMs = 30_000): Promise<unknown> {
    this.assertRunning();
    return this.api.invoke(event, timeoutMs);
  }

  /**
   * Invokes the handler that streams.
   *
   * @param event - JSON.
   * @throws FunctionError when the function fails or ends before its response begins.
   */
  async invokeStream(event: string, timeoutMs = 300_000): Promise<StreamedResponse> {
    this.assertRunning();
    return this.api.invokeStream(event, timeoutMs);
  }

  private assertRunning(): void {
    if (!this.isRunning) throw new FunctionError('The function has ended');
  }

  async stop(): Promise<void> {
    if (this.isRunning) {
      const exit = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exit;
    }
    await this.api.close();
  }
}

/**
 * Finds the runtime client. Installs it if it is missing.
 *
 * @returns its folder.
 * @throws Error when it cannot be installed.
 */
export async function findRuntimeClient(): Promise<string> {
  if (!hasRuntimeClient()) console.error(`${RUNTIME_CLIENT} compiles an addon, which takes 1 to 2 minutes, once.`);
  try {
    return await installTool(RUNTIME_CLIENT);
  } catch (error) {
    const needs = 'Its addon needs Linux, cmake, make, a C++ compiler and Python.';
    throw new Error(`${RUNTIME_CLIENT} cannot be installed. ${needs}`, { cause: error });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
function buildLambdaVariables(folder: string, handler: PackageHandler, runtimeApi: string): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    _HANDLER: handler,
    LAMBDA_TASK_ROOT: folder,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    AWS_LAMBDA_FUNCTION_NAME: 'local',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(FUNCTION_MEGABYTES),
    AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/local',
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_REGION: 'us-east-1',
  };
}
