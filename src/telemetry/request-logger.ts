import { ConsoleLogger, type ConsoleLoggerOptions, type LogLevel } from '@nestjs/common';
import { currentRequestContext } from '../common/request-context.js';

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** The contexts in which Nest logs its own start, line by line. */
const START_CONTEXTS = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Nest's console logger with the request id in every line: a field of the JSON, or behind the context. */
export class RequestLogger extends ConsoleLogger {
  /** @param leastSevere - less severe lines are not written. */
  constructor(leastSevere: LogLevel, options: ConsoleLoggerOptions) {
    super({ ...options, logLevels: LEVELS.slice(0, LEVELS.indexOf(leastSevere) + 1) });
  }

  /** Leaves out Nest's lines about its start, unless the level is `debug` or below. */
  override log(message: unknown, ...rest: unknown[]): void {
    if (START_CONTEXTS.has(String(rest.at(-1))) && !this.isLevelEnabled('debug')) return;
    super.log(message, ...rest);
  }

  protected override getJsonLogObject(
    ...args: Parameters<ConsoleLogger['getJsonLogObject']>
  ): ReturnType<ConsoleLogger['getJsonLogObject']> {
    const requestId = currentRequestContext()?.requestId;
    return { ...super.getJsonLogObject(...args), ...(requestId && { requestId }) };
  }

  protected override formatContext(context: string): string {
    const requestId = currentRequestContext()?.requestId;
    return super.formatContext(requestId ? `${context} ${requestId}` : context);
  }
}
