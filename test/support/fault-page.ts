import { knownFaults } from '../../src/local/emulator/directives.js';
import type { FaultCase, FaultPlace } from './fault-matrix.js';

const PLACES: Readonly<Record<FaultPlace, string>> = {
  before: 'before the first event',
  at: 'as the first event',
  after: 'after some text',
};

const INTRODUCTION = `# Faults of the agent

What becomes of a turn whose agent fails. This page is written by \`npm run docs:faults\` from the rows that
\`test/chaos/fault-matrix.e2e-spec.ts\` runs; edit \`test/support/fault-matrix.ts\` instead.

In every case the prompt is in the history and the chat goes on with its next turn. A turn that was not done leaves the
agent's session behind: the next one opens a new session, which is told once what is stored (the newest 20 turns that
have an answer, whole or partial, up to 100 KB). The agent is invoked again only where it refused the turn before it ran;
what a stream brings, be it an exception, comes from a turn that has begun to run.

## Seeing it

In local mode, and in tests, the emulated agent does what a prompt tells it to:

\`\`\`
curl -sS http://127.0.0.1:3000/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' \\
  -d '{"prompt":"Plan a weekend [[fault torn after=2]]"}'
\`\`\`

A directive is \`[[fault <name> <option>=<value> …]]\`, anywhere in the prompt:`;

const OPTIONS = `\`after\` is the number of pieces of the ordinary answer that come first (1 by default; 0 is right after the headers of
the response). \`status\` and \`exception\` are what AWS would send, \`bytes\` the size of an answer, \`pause\` the milliseconds
before each 16 KB of it, \`ms\` the milliseconds before anything comes. \`times=n\` repeats the fault for so many attempts,
once by default, counted for each session of the agent and prompt; several directives in one prompt follow one another.
The agent says so when it does not understand a directive. A real agent knows none of this. A fault without a directive
is one of the network, which the tests cause.

## The faults`;

/** The text of docs/faults.md, laid out as prettier would. */
export function faultPage(cases: readonly FaultCase[]): string {
  const list = knownFaults().map((known) => `- \`${known}\``);
  const rows = cases.map(({ fault, place, directive, status, error, stored, invocations }) => [
    fault,
    PLACES[place],
    error === undefined ? String(status) : `${status} \`${error}\``,
    stored,
    String(invocations),
    directive && `\`${directive}\``,
  ]);
  const head = ['fault', 'when', 'answer', 'stored as', 'invocations', 'directive'];
  return `${[INTRODUCTION, list.join('\n'), OPTIONS, table([head, ...rows])].join('\n\n')}\n`;
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
