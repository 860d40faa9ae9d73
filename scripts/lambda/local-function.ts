import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FUNCTION_MEGABYTES, installed, isInstalled, LAMBDA_NODE_ARGUMENTS } from './node-binary.js';
import { FunctionError } from './function-error.js';
import { RuntimeApi } from './runtime-api.js';
import type { StreamedAnswer } from './streamed-answer.js';

/** AWS's own runtime client. It compiles a native addon while it is installed, so it is not a dependency. */
const RUNTIME_CLIENT = 'aws-lambda-ric@4.0.2';
const RUNTIME_CLIENT_FOLDER = 'aws-lambda-ric-4.0.2';

/** The handlers of the package: the first answers in one piece, the second streams. */
export type PackageHandler = 'lambda.handler' | 'lambda-stream.handler';

export interface LocalFunctionOptions {
  /** The folder of the package. */
  readonly folder: string;
  /** What of the package to run; by default the one that answers in one piece. */
  readonly handler?: PackageHandler;
  /** The Node to run it on. */
  readonly node: string;
  /** The function's configuration. Of this process's own environment it sees nothing but `PATH`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Takes what the function writes. By default it goes to this process's standard error. */
  readonly log?: (text: string) => void;
}

/** Whether the runtime client is there already, so that running a function takes no installation. */
export function hasRuntimeClient(): boolean {
  return isInstalled(RUNTIME_CLIENT_FOLDER);
}

/** The package in a process of its own, under the runtime client that Lambda itself runs. */
export class LocalFunction {
  private constructor(
    private readonly api: RuntimeApi,
    private readonly child: ChildProcess,
    /** When its process was started, by `performance.now()`. */
    readonly startedAt: number,
  ) {}

  /**
   * Starts the function. The runtime client is installed first where it is not there.
   *
   * @throws Error when the runtime client cannot be installed, FunctionError when there is no such Node.
   */
  static async start(options: LocalFunctionOptions): Promise<LocalFunction> {
    const { folder, handler = 'lambda.handler', node, variables, log } = options;
    const client = join(await runtimeClient(), 'node_modules/aws-lambda-ric/index.mjs');
    const api = await RuntimeApi.start();
    const startedAt = performance.now();
    const child = spawn(node, [...LAMBDA_NODE_ARGUMENTS, client], {
      cwd: folder,
      env: { ...lambdaVariables(folder, handler, api.address), ...variables },
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

  /**
   * @param event - JSON.
   * @throws FunctionError when the function fails or ends instead of answering.
   */
  async invoke(event: string, timeoutMs = 30_000): Promise<unknown> {
    this.assertRunning();
    return this.api.invoke(event, timeoutMs);
  }

  /**
   * The same for the handler that streams.
   *
   * @throws FunctionError when the function fails or ends before its answer begins.
   */
  async invokeStream(event: string, timeoutMs = 300_000): Promise<StreamedAnswer> {
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
 * The folder of the runtime client, installed where it is not there.
 *
 * @throws Error when it cannot be installed.
 */
export async function runtimeClient(): Promise<string> {
  if (!hasRuntimeClient()) console.error(`Installing ${RUNTIME_CLIENT}, which takes a minute or two, once.`);
  try {
    return await installed(RUNTIME_CLIENT_FOLDER, RUNTIME_CLIENT);
  } catch (error) {
    const needs = 'It compiles an addon: that takes Linux, cmake, make, a C++ compiler and Python.';
    throw new Error(`${RUNTIME_CLIENT} cannot be installed. ${needs}`, { cause: error });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
function lambdaVariables(folder: string, handler: PackageHandler, runtimeApi: string): Record<string, string> {
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
