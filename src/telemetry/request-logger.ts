import { ConsoleLogger, type ConsoleLoggerOptions, type LogLevel } from '@nestjs/common';
import { currentRequestContext } from '../common/request-context.js';

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Nest's console logger with the request id in every line: a field of the JSON, or behind the context. */
export class RequestLogger extends ConsoleLogger {
  private isStarting = true;

  /** @param leastSevere - less severe lines are not written. */
  constructor(leastSevere: LogLevel, options: ConsoleLoggerOptions) {
    super({ ...options, logLevels: LEVELS.slice(0, LEVELS.indexOf(leastSevere) + 1) });
  }

  /** Ends the start of the app. Until then Nest logs a line for each of its steps. */
  endStart(): void {
    this.isStarting = false;
  }

  /** Leaves out lines of the start, unless the level is `debug` or below. Warnings and errors are always written. */
  override log(message: unknown, ...rest: unknown[]): void {
    if (this.isStarting && !this.isLevelEnabled('debug')) return;
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
