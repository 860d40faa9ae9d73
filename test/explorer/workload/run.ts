import type { Item } from '../../../src/dynamodb/dynamo-table.js';
import { Ledger } from '../check/ledger.js';
import { MemoryTable, type TableOptions } from '../table/memory-table.js';
import type { Faults } from '../world/faults.js';
import { buildParts, TABLE_NAME, type ChangingSettings, type ServiceParts } from '../world/service-parts.js';
import { SimulatedClient } from '../world/simulated-client.js';
import { SimulatedProcess, Task, World } from '../world/world.js';
import { nameProcess, type Schedule } from './schedule.js';

/** Far more calls than any schedule makes. */
const MOST_CALLS = 20_000;

export interface RunOptions extends Pick<TableOptions, 'judge' | 'onCall'> {
  readonly isTraced?: boolean;
  /** Plants a mistake in the product. */
  readonly alter?: (parts: ServiceParts) => ServiceParts;
}

/** A task of a step. */
export class StepTask extends Task {
  /** Attempts of calls so far. */
  attempts = 0;

  constructor(
    readonly step: number,
    process: SimulatedProcess,
    readonly faults: Faults,
  ) {
    super(`#${step}`, process, Object.keys(faults).length > 0);
  }
}

/** One run of a schedule: the world, the product in it, and what its callers see. */
export class Run {
  readonly world: World;
  readonly ledger: Ledger;
  readonly table: MemoryTable;
  readonly parts: ServiceParts;
  readonly processes: readonly SimulatedProcess[];
  readonly settings: ChangingSettings;
  /** The shortest time that any item lives; 0 if none expires. */
  readonly leastTtlDays: number;
  /** The ids of the schedule's chats, as callers know them. */
  readonly chatIds: (string | undefined)[] = [];
  calls = 0;
  private stepOfCalls: number | undefined;
  private arriving: StepTask | undefined;

  constructor(
    readonly schedule: Schedule,
    { isTraced = false, judge, onCall, alter = (parts) => parts }: RunOptions,
  ) {
    const ttls = [schedule.ttlDays, ...schedule.steps.map(({ action }) => (action.do === 'set ttl' ? action.days : 0))];
    this.leastTtlDays = Math.min(...ttls.filter((days) => days > 0).concat(ttls.every((days) => days === 0) ? 0 : []));
    this.world = new World(schedule.start, isTraced);
    this.processes = schedule.clocks.map((ahead, index) => new SimulatedProcess(nameProcess(index), ahead));
    this.ledger = new Ledger((id, user) => this.findHead(id, user), schedule.clocks);
    this.table = new MemoryTable({
      name: TABLE_NAME,
      onWrite: (write) =>
        this.ledger.onWrite(write, { step: this.stepOfCalls ?? this.arriving?.step ?? 0, now: this.world.now }),
      onCall,
      judge,
    });
    const { ttlDays: chatTtlDays, turnsPerMinute, turnsAtOnce } = schedule;
    this.settings = { chatTtlDays, turnsPerMinute, turnsAtOnce };
    const client = new SimulatedClient(this.world, {
      table: this.table,
      takeFault: (task) => {
        const stepTask = task as StepTask;
        stepTask.attempts += 1;
        return stepTask.faults[stepTask.attempts - 1];
      },
      onArrival: (task) => {
        this.calls += 1;
        if (this.calls === MOST_CALLS) this.stop();
        this.arriving = task as StepTask;
      },
    });
    this.parts = alter(buildParts(this.world, client, this.settings));
  }

  /** Counts the next calls to another step: the observer asks for several turns. */
  arriveAs(step: number): void {
    this.stepOfCalls = step;
  }

  /** A loop that does not end must not end the exploration. */
  private stop(): void {
    this.ledger.report('calls without an end', `${MOST_CALLS} calls`);
    this.world.stop();
  }

  findHead(id: string, user: string): Item | undefined {
    return this.table.find({ id, user_id: user });
  }

  /** Checks that a chat may be missing for a caller. */
  checkNotFound(user: string, chatId: string, from: number): void {
    const { ledger, world } = this;
    ledger.noteExpiry(chatId, this.findHead(chatId, user), world.now);
    const isThere = ({ user: owner, outcome, knownAt = Infinity, gone }: (typeof ledger.attempts)[number]) =>
      owner === user && outcome === 'begun' && knownAt < from && !gone;
    if (!ledger.attemptsOf(chatId).some(isThere)) return;
    if (!ledger.mayBeMissing(chatId, user, { from, now: world.now }))
      ledger.report('lost chat', `chat ${chatId} of ${user}`);
  }
}
