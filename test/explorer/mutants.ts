import { type Condition, listConjuncts } from './table/condition-parser.js';
import { evaluate } from './table/evaluate.js';
import type { Judge } from './table/memory-table.js';
import { nameWrite } from './workload/call-names.js';
import { generateSchedule } from './workload/generate.js';
import { runSchedule } from './workload/run-schedule.js';

/** Leaves out a write whose refusal the product does not notice. */
export const WHOLE_WRITE = 'the write';

/** The product with one condition less: a write without a conjunct, or without one of the alternatives of a conjunct. */
export interface Mutant {
  /** The purpose of the write. */
  readonly write: string;
  /** The text of what is left out, or {@link WHOLE_WRITE}. */
  readonly leftOut: string;
}

export interface MutantResult {
  readonly mutant: Mutant;
  /** How many schedules it took to find the mutant; undefined if none has found it. */
  readonly schedules: number | undefined;
  readonly kind: string | undefined;
  readonly seed: number | undefined;
}

/** Lists the mutants of all writes that the schedules reach. */
export async function listMutants(schedules: number, seed: number): Promise<Mutant[]> {
  const mutants = new Map<string, Mutant>();
  const collect: Judge = (condition, item, call, command) => {
    const write = nameWrite(command);
    if (write === 'mark as replaced') mutants.set(write, { write, leftOut: WHOLE_WRITE });
    for (const { text } of listParts(condition)) {
      const leftOut = toGeneral(text);
      mutants.set(`${write}: ${leftOut}`, { write, leftOut });
    }
    return evaluate(condition, item, call);
  };
  for (let own = seed; own < seed + schedules; own += 1) await runSchedule(generateSchedule(own), { judge: collect });
  return [...mutants.values()].toSorted((a, b) => (`${a.write}: ${a.leftOut}` < `${b.write}: ${b.leftOut}` ? -1 : 1));
}

/** Runs schedules until one finds something that it does not find without the mutant. */
export async function huntMutant(mutant: Mutant, seed: number, limit: number): Promise<MutantResult> {
  const judge = judgeOf(mutant);
  for (let own = seed; own < seed + limit; own += 1) {
    const schedule = generateSchedule(own);
    const { findings } = await runSchedule(schedule, { judge });
    if (findings.length === 0) continue;
    const usual = new Set((await runSchedule(schedule)).findings.map(({ kind }) => kind));
    const kind = findings.find((finding) => !usual.has(finding.kind))?.kind;
    if (kind !== undefined) return { mutant, schedules: own - seed + 1, kind, seed: own };
  }
  return { mutant, schedules: undefined, kind: undefined, seed: undefined };
}

/** Decides as the table would if the product had the mutant. */
export function judgeOf({ write, leftOut }: Mutant): Judge {
  const mutated = new Map<string, Condition>();
  return (condition, item, call, command) => {
    if (nameWrite(command) !== write) return evaluate(condition, item, call);
    if (leftOut === WHOLE_WRITE) return false;
    const known = mutated.get(condition.text) ?? leaveOut(condition, leftOut);
    mutated.set(condition.text, known);
    return evaluate(known, item, call);
  };
}

/** The conjuncts of a condition, and the alternatives within them. */
function listParts(condition: Condition): Condition[] {
  return listConjuncts(condition).flatMap((part) => (part.kind === 'or' ? [part, ...part.parts] : [part]));
}

function leaveOut(condition: Condition, leftOut: string): Condition {
  const parts = listConjuncts(condition)
    .filter((part) => toGeneral(part.text) !== leftOut)
    .map((part) => (part.kind === 'or' ? withoutAlternative(part, leftOut) : part));
  return { kind: 'and', parts, text: condition.text };
}

function withoutAlternative(condition: Condition & { readonly kind: 'and' | 'or' }, leftOut: string): Condition {
  return { ...condition, parts: condition.parts.filter((part) => toGeneral(part.text) !== leftOut) };
}

/** The same text for all times: the usage of a user has attributes for each minute and day. */
function toGeneral(text: string): string {
  return text.replaceAll(/#([mxt])\d+/g, '#$1');
}
