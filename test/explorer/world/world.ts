/** A process of the service. It has a clock of its own. */
export class SimulatedProcess {
  /** Grows with every crash. What belongs to an earlier life is never run again. */
  life = 0;
  /** When it has stood still, in true time. */
  private readonly freezes: { readonly from: number; to: number }[] = [];

  constructor(
    readonly name: string,
    /** Milliseconds that its clock is ahead. */
    readonly clockAhead: number,
  ) {}

  /** Milliseconds of true time until which it stands still. */
  get frozenUntil(): number {
    return this.freezes.at(-1)?.to ?? 0;
  }

  /** Stands still from now on. */
  freeze(now: number, milliseconds: number): void {
    const to = Math.max(this.frozenUntil, now + milliseconds);
    this.endFreeze(now);
    this.freezes.push({ from: now, to });
  }

  /** Ends its life at once. */
  crash(now: number): void {
    this.life += 1;
    this.endFreeze(now);
  }

  /** How long it has stood still since a time, in milliseconds. */
  getFrozenTime(since: number): number {
    return this.freezes.reduce((sum, { from, to }) => sum + Math.max(0, to - Math.max(since, from)), 0);
  }

  private endFreeze(now: number): void {
    const last = this.freezes.at(-1);
    if (last) last.to = Math.min(last.to, now);
  }
}

/** Work of one process: a request, with all that it does in the background. */
export class Task {
  private readonly life: number;

  constructor(
    readonly name: string,
    readonly process: SimulatedProcess,
    /** Whether any of its calls meets a fault. */
    readonly hasFaults = false,
  ) {
    this.life = process.life;
  }

  get isDead(): boolean {
    return this.life !== this.process.life;
  }
}

export interface WorldEvent {
  time: number;
  isCancelled: boolean;
  readonly run: () => void;
  /** The work that goes on with this event. Without it, the event happens in the network or in the table. */
  readonly task: Task | undefined;
}

/** A line of what happened, for people. */
export interface TraceLine {
  readonly time: number;
  readonly task: Task | undefined;
  readonly text: string;
}

/**
 * Time, and what happens in it. One task runs at a time, until all its promises wait for an event. So a schedule always
 * runs in the same way, and every `Date.now()` shows the clock of the process that runs.
 */
export class World {
  /** Epoch milliseconds of true time. */
  now: number;
  /** The task that runs. */
  current: Task | undefined;
  readonly trace: TraceLine[] = [];
  private readonly events: WorldEvent[] = [];
  private isStopped = false;

  constructor(
    start: number,
    private readonly isTraced: boolean,
  ) {
    this.now = start;
  }

  /** What the clock of the running process shows. */
  get clock(): number {
    return this.now + (this.current?.process.clockAhead ?? 0);
  }

  get running(): Task {
    if (!this.current) throw new Error('No task is running');
    return this.current;
  }

  /** Plans an event. With a task it waits while its process is frozen, and never happens if that process has crashed. */
  plan(milliseconds: number, run: () => void, task?: Task): WorldEvent {
    const event = { time: this.now + Math.max(0, milliseconds), run, task, isCancelled: false };
    this.insert(event);
    return event;
  }

  /** Lets the running task wait. */
  sleep(milliseconds: number): Promise<void> {
    const task = this.running;
    return new Promise((resolve) => this.plan(milliseconds, resolve, task));
  }

  /** Runs a task from its beginning. Its result is for the caller to keep. */
  start(task: Task, work: () => Promise<void>): void {
    this.plan(0, () => void work(), task);
  }

  /** Runs until nothing more will happen. */
  async run(): Promise<void> {
    for (let event = this.events.shift(); event; event = this.events.shift()) {
      const { task, run } = event;
      if (event.isCancelled || task?.isDead) continue;
      this.now = Math.max(this.now, event.time);
      if (!task) run();
      else if (task.process.frozenUntil > this.now) {
        event.time = task.process.frozenUntil;
        this.insert(event);
      } else {
        this.current = task;
        run();
        await untilPromisesWait();
        this.current = undefined;
      }
    }
  }

  /** Nothing happens any more. */
  stop(): void {
    this.isStopped = true;
    this.events.length = 0;
  }

  /** Adds a line to the trace. */
  note(text: () => string, task = this.current): void {
    if (this.isTraced) this.trace.push({ time: this.now, task, text: text() });
  }

  private insert(event: WorldEvent): void {
    if (this.isStopped) return;
    const before = this.events.findLastIndex(({ time }) => time <= event.time);
    this.events.splice(before + 1, 0, event);
  }
}

/** Node runs this after all promises that can go on have gone on. */
function untilPromisesWait(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
