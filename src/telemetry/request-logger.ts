import { ConsoleLogger, type ConsoleLoggerOptions, type LogLevel } from '@nestjs/common';
import { currentRequestContext } from '../common/request-context.js';

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Whose lines about their own start say nothing to whoever runs the service. */
const FRAMEWORK = new Set(['NestFactory', 'InstanceLoader', 'RoutesResolver', 'RouterExplorer']);

/** Nest's console logger with the request id in every line: a field of the JSON, or the end of a line for people. */
export class RequestLogger extends ConsoleLogger {
  /** @param leastSevere - lines less severe than this are not written. */
  constructor(leastSevere: LogLevel, options: ConsoleLoggerOptions) {
    super({ ...options, logLevels: LEVELS.slice(0, LEVELS.indexOf(leastSevere) + 1) });
  }

  /** What the framework says of its own start is left out, but for a level of `debug` and below. */
  override log(message: unknown, ...rest: unknown[]): void {
    if (FRAMEWORK.has(String(rest.at(-1))) && !this.isLevelEnabled('debug')) return;
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
