import { once } from 'node:events';
import { Injectable, Logger } from '@nestjs/common';
import { SigningKeys } from '../auth/keys/signing-keys.js';
import { Clock } from '../common/clock.js';
import { DynamoTable } from '../dynamodb/dynamo-table.js';
import { describeError } from '../telemetry/describe-error.js';
import { NotReadyError } from './health.errors.js';
import { ReadinessTimes } from './readiness-times.js';

/** Checks whether turns can run. All probes within a second share one result. */
@Injectable()
export class ReadinessService {
  private readonly logger = new Logger(ReadinessService.name);
  private result: Promise<readonly string[]> | undefined;
  /** Epoch milliseconds; no end while a check runs. */
  private keptUntil = 0;
  /** What the last check has missed, so that only a change is logged. */
  private known = '';

  constructor(
    private readonly table: DynamoTable,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    private readonly times: ReadinessTimes,
  ) {}

  /** @throws NotReadyError if something is missing. */
  async require(): Promise<void> {
    const missing = await this.getMissing();
    if (missing.length > 0) throw new NotReadyError(missing);
  }

  private getMissing(): Promise<readonly string[]> {
    if (this.result === undefined || this.clock.now() >= this.keptUntil) {
      this.keptUntil = Infinity;
      this.result = this.findMissing().finally(() => {
        this.keptUntil = this.clock.now() + this.times.keep;
      });
    }
    return this.result;
  }

  private async findMissing(): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(this.times.limit);
    const timeout = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error));
    const checks = {
      'table: cannot be reached': this.table.probe(signal),
      'signing keys: cannot be fetched': this.keys.prepare(),
    };
    const results = await Promise.allSettled(Object.values(checks).map((check) => Promise.race([check, timeout])));
    const missing = Object.keys(checks).filter((_, index) => results[index]?.status === 'rejected');
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
    this.logChange(missing.join('; '), errors);
    return missing;
  }

  private logChange(missing: string, errors: readonly unknown[]): void {
    if (missing === this.known) return;
    if (missing === '') this.logger.log('Ready again');
    else this.logger.warn({ notReady: missing, errors: errors.map(describeError) });
    this.known = missing;
  }
}
