import { SWEEP_MARGIN_MILLISECONDS } from '../../../src/chat/storage/dynamo-sweep.js';
import { checkEnd, checkTable, QUIET_MILLISECONDS } from '../check/final-check.js';
import type { Finding } from '../check/ledger.js';
import { withTimeOf } from '../world/simulated-time.js';
import { SimulatedProcess, type TraceLine } from '../world/world.js';
import { deleteAll, deleteChat, listChats, noteUnexpected, readChat, renameChat } from './chat-steps.js';
import { putLegacyChats } from './legacy-chats.js';
import { Run, type RunOptions, StepTask } from './run.js';
import { describeAction, type Schedule, type Step } from './schedule.js';
import { runTurn } from './turn-step.js';

export interface RunResult {
  readonly findings: readonly Finding[];
  readonly trace: readonly TraceLine[];
  /** Calls that reached the table. */
  readonly calls: number;
}

/** Runs a schedule to its end, and then checks everything. */
export async function runSchedule(schedule: Schedule, options: RunOptions = {}): Promise<RunResult> {
  const run = new Run(schedule, options);
  const { world, ledger } = run;
  await withTimeOf(world, async () => {
    putLegacyChats(run);
    for (const step of schedule.steps) world.plan(step.at, () => startStep(run, step));
    await world.run();
    world.now += QUIET_MILLISECONDS;
    world.note(() => 'nothing happens for 20 minutes; then everything is read');
    // By its clock, what has expired did so long enough ago.
    const sweeper = new SimulatedProcess('sweeper', SWEEP_MARGIN_MILLISECONDS);
    await runAlone(run, sweeper, () => run.parts.sweep.run({ deadline: Infinity, resumes: false }));
    checkTable(run);
    await runAlone(run, new SimulatedProcess('observer', 0), () => checkEnd(run));
  });
  return { findings: ledger.findings, trace: world.trace, calls: run.calls };
}

/** Runs work on a process of its own, without faults and with nothing beside it. */
async function runAlone(run: Run, process: SimulatedProcess, work: () => Promise<unknown>): Promise<void> {
  const task = new StepTask(1_000, process, {});
  run.world.start(task, async () => {
    await work().catch((error: unknown) => noteUnexpected(run, error));
  });
  await run.world.run();
}

function startStep(run: Run, { id, process: index, action, faults }: Step): void {
  const { world, processes } = run;
  const process = processes[index]!;
  const task = new StepTask(id, process, faults);
  world.note(() => describeAction(action), task);
  if (action.do === 'crash') process.crash(world.now);
  else if (action.do === 'freeze') process.freeze(world.now, action.milliseconds);
  else if (action.do === 'set ttl') run.settings.chatTtlDays = action.days;
  else if (action.do === 'expire') removeExpired(run, action.which);
  else world.start(task, () => runAction(run, id, action).catch((error: unknown) => noteUnexpected(run, error)));
}

async function runAction(run: Run, step: number, action: Step['action']): Promise<void> {
  if (action.do === 'turn') return runTurn(run, step, action);
  if (action.do === 'delete all') return deleteAll(run, action.user);
  if (action.do === 'list') {
    await listChats(run, action.user, action.limit);
    return;
  }
  const chatId = 'chat' in action ? run.chatIds[action.chat] : undefined;
  if (chatId === undefined) return run.world.note(() => 'has no chat to name yet');
  if (action.do === 'read') await readChat(run, action.user, chatId, action.limit);
  if (action.do === 'rename') await renameChat(run, action.user, chatId);
  if (action.do === 'delete') {
    await deleteChat(run, action.user, { chatId, evenIfExpired: action.evenIfExpired });
  }
}

/** Removes items as the expiry of DynamoDB does: days late, or never, and in any order. */
function removeExpired({ table, world, ledger }: Run, which: 'all' | 'heads' | 'turns'): void {
  for (const id of table.listIds()) {
    for (const item of table.listItems(id)) {
      const { expires_at: expiresAt } = item;
      const sortKey = String(item['user_id']);
      const isHead = !sortKey.includes('#');
      const isMeant = which === 'all' || (which === 'heads') === isHead;
      if (typeof expiresAt !== 'number' || expiresAt * 1000 > world.now || !isMeant) continue;
      if (isHead) ledger.noteRemoval(id, item, world.now);
      table.expire({ id, user_id: sortKey }, { now: world.now });
    }
  }
}
