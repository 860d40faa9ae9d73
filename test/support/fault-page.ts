import { listFaults } from '../../src/local/emulator/directives.js';
import type { FaultCase, FaultPlace } from './fault-matrix.js';

const PLACES: Readonly<Record<FaultPlace, string>> = {
  before: 'before the first event',
  at: 'as the first event',
  after: 'after some text',
};

const INTRODUCTION = `# Faults of the agent

What becomes of a turn whose agent fails. This page is written by \`npm run docs:faults\` from the rows that
\`test/chaos/fault-matrix.e2e-spec.ts\` runs; edit \`test/support/fault-matrix.ts\` instead.

In every case the prompt is in the history, and the chat goes on with its next turn. After a turn that was not done,
the next turn opens a new session of the agent. That session is told the stored history once: the newest 20 turns with
an answer, complete or partial, up to 100 KB. The agent is invoked again only if it refused the turn before it ran.
A fault in the stream, even an exception, belongs to a turn that has begun to run, so it is not repeated.

## Seeing it

In local mode, and in tests, the emulated agent follows directives in the prompt:

\`\`\`
curl -sS http://127.0.0.1:3000/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' \\
  -d '{"prompt":"Plan a weekend [[fault torn after=2]]"}'
\`\`\`

A directive is \`[[fault <name> <option>=<value> …]]\`, anywhere in the prompt:`;

const OPTIONS = `\`after\` is the number of pieces of the ordinary reply that come first (1 by default; 0 is right after the response
headers). \`status\` and \`exception\` are what AWS would send. \`bytes\` is the size of a reply, and \`pause\` the
milliseconds before each 16 KB of it. \`ms\` is the milliseconds before anything comes. \`times=n\` repeats the fault for
so many attempts, once by default. Attempts are counted for each session of the agent and prompt, and several directives
in one prompt apply one after another.

\`reply\` is no fault but the ordinary reply, and \`pace\` the milliseconds before each piece of it. In local mode the pace
is 30, so that streaming can be seen; \`LOCAL_AGENT_PACE_MS\` sets another, and 0 means no pause.

If the agent does not understand a directive, its reply says so. A real agent knows no directives. A fault without a
directive is a fault of the network, which only the tests cause.

## The faults`;

/** The text of docs/faults.md, laid out as prettier would. */
export function faultPage(cases: readonly FaultCase[]): string {
  const list = listFaults().map((known) => `- \`${known}\``);
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
