import {
  ConditionalCheckFailedException,
  DynamoDBServiceException,
  ThrottlingException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { CallTerms, MemoryTable } from '../table/memory-table.js';
import { describeCall } from '../workload/call-names.js';
import { describeFault, type Fault } from './faults.js';
import type { Task, World } from './world.js';

/** One way over the network. */
const LATENCY = 2;
// As the client of the table is configured.
const TIMEOUT = 1_500;
const ATTEMPTS = 2;
/** The pause of the SDK before it tries again. */
const PAUSE = 50;

/** The table behind a network, and the faults that are planned for each task. */
export interface Wire {
  readonly table: MemoryTable;
  /** The fault of the next attempt of a task. */
  readonly takeFault: (task: Task) => Fault | undefined;
  /** Is called right before a call of a task is applied. */
  readonly onArrival: (task: Task) => void;
}

/** Stands for the SDK's document client: two attempts of 1.5 s each, and the errors of the SDK. */
export class SimulatedClient implements Pick<DynamoDBDocumentClient, 'send'> {
  constructor(
    private readonly world: World,
    private readonly wire: Wire,
  ) {}

  readonly send = async (command: object): Promise<never> => {
    const task = this.world.running;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await this.exchange(command, task)) as never;
      } catch (error) {
        const isFinal = error instanceof DynamoDBServiceException && !(error instanceof ThrottlingException);
        if (error instanceof ConditionalCheckFailedException) error.$metadata.attempts = attempt;
        if (isFinal || attempt === ATTEMPTS) throw error;
      }
      await this.world.sleep(PAUSE);
    }
  };

  /** Sends a request once. */
  private exchange(command: object, task: Task): Promise<object> {
    const { world } = this;
    const fault = this.wire.takeFault(task);
    const isSlow = fault?.kind === 'slow request' ? fault.milliseconds : 0;
    const note = (what: string) => world.note(() => `${describeCall(command)}: ${what}`, task);
    return new Promise((resolve, reject) => {
      const settle = (milliseconds: number, run: () => void) => world.plan(milliseconds, run, task);
      const fail = (milliseconds: number, error: () => Error) => settle(milliseconds, () => reject(error()));
      if (fault) note(describeFault(fault));
      if (fault?.kind === 'throttled') return fail(2 * LATENCY, throttled);
      if (fault?.kind === 'crash before') return task.process.crash(world.now);
      if (fault?.kind === 'crash after') task.process.crash(world.now);
      if (fault?.kind.startsWith('freeze') && 'milliseconds' in fault) {
        task.process.freeze(world.now, fault.milliseconds);
      }
      fail(TIMEOUT, () => Object.assign(new Error('timeout'), { name: 'TimeoutError' }));
      if (fault?.kind === 'request lost') return;
      world.plan(LATENCY + isSlow, () => {
        const reply = this.apply(command, task, { fault, note });
        if (fault?.kind === 'reply lost') fail(LATENCY, () => new Error('socket hang up'));
        else if (fault?.kind !== 'freeze, then timeout') {
          const later = fault?.kind === 'slow reply' ? fault.milliseconds : 0;
          settle(LATENCY + later, () => void reply.then(resolve, reject));
        }
      });
      if (fault?.kind === 'delivered twice') {
        world.plan(LATENCY + fault.milliseconds, () => {
          this.apply(command, task, { note: (what) => note(`second delivery ${what}`) }).catch(() => undefined);
        });
      }
      return undefined;
    });
  }

  /** Runs a call in the table. The result is for the process. */
  private apply(
    command: object,
    task: Task,
    { fault, note }: { fault?: Fault | undefined; note: (what: string) => void },
  ): Promise<object> {
    this.wire.onArrival(task);
    const terms: CallTerms = {
      now: this.world.now,
      lag: fault?.kind === 'slow index' ? fault.milliseconds : 0,
      unprocessed: fault?.kind === 'unprocessed' ? fault.count : 0,
    };
    try {
      const output = this.wire.table.execute(command, terms);
      note('applied');
      return Promise.resolve(output);
    } catch (error) {
      note(error instanceof ConditionalCheckFailedException ? 'refused by its condition' : String(error));
      const reply = Promise.reject<object>(error);
      reply.catch(() => undefined);
      return reply;
    }
  }
}

function throttled(): Error {
  return new ThrottlingException({ message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } });
}
