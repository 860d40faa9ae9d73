import { Logger } from '@nestjs/common';
import { DomainError } from '../../common/domain-error.js';
import { describeError } from '../../telemetry/describe-error.js';
import type { PublicError } from './public-error.js';

const logger = new Logger('ErrorFilter');

/**
 * Logs a failure of this service or of a service behind it (5xx), and the reason of a 401, whose text is fixed. Other
 * errors of the client are not logged. The code that sends the error calls this, once. It skips an error that is logged
 * already.
 */
export function logFailure(thrown: unknown, { status, error }: PublicError): void {
  if (status === 401) logger.log({ status, error });
  const isLogged = thrown instanceof DomainError && thrown.isLogged;
  if (status >= 500 && !isLogged) logger.error({ status, error: describeError(thrown) });
}
