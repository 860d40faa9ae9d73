import { listFaults } from '../../src/local/emulator/directives.js';
import type { FaultCase, FaultPlace } from './fault-matrix.js';

const PLACES: Readonly<Record<FaultPlace, string>> = {
  before: 'before the first event',
  at: 'as the first event',
  after: 'after some text',
};

const INTRODUCTION = `# Faults of the agent

For developers who want to know, and to see, what becomes of a turn when the agent fails.

<!-- Written by \`npm run docs:faults\` from test/support/fault-matrix.ts, whose rows the tests run. Do not edit. -->

In every case the prompt is in the history, and the next turn continues the chat. After a turn that failed or broke off, the
next turn opens a new session of the agent. The new session gets what is stored: the newest 20 turns with a reply, whole or
partial, up to 100 KB.

The agent is asked again only if it refused the turn before it ran. An exception inside a stream comes from a turn that has
begun, and may have called its tools.

## Seeing it

In local mode the emulated agent does what a prompt tells it to:

\`\`\`sh
curl -sS http://127.0.0.1:3000/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' \\
  -d '{"prompt":"Plan a weekend [[fault torn after=2]]"}'
\`\`\`

A directive is \`[[fault <name> <option>=<value> …]]\`, anywhere in the prompt:`;

/** The meaning of the directives' options. */
const OPTIONS: readonly (readonly [string, string])[] = [
  [
    'after',
    'pieces of the ordinary reply that come first; 1 by default (all with `stop-reason`), 0 is right after the headers',
  ],
  ['status', 'the status that AWS would send'],
  ['exception', 'the exception that AWS would send'],
  ['reason', 'the stop reason that AWS would send; `max_tokens` by default'],
  ['rounds', 'rounds of tools before the reply; 2 by default'],
  ['bytes', 'the size of a reply'],
  ['pause', 'milliseconds before each 16 KB of it'],
  ['ms', 'milliseconds before anything comes'],
  ['pace', 'milliseconds before each piece of the ordinary reply'],
  ['times', 'for how many attempts the fault repeats; 1 by default'],
];

const NOTES = `Attempts are counted for each session of the agent and prompt. Several directives in one prompt follow one another. If the
agent does not understand a directive, its reply says so. A real agent gets directives as plain text. \`tool-rounds\`,
\`stop-reason\`, \`exception-event\`, \`split-surrogates\` and \`no-stop\` are for a harness or a model, whose replies are messages.

In local mode the pace of the ordinary reply is about 30 ms a piece. The variable \`LOCAL_AGENT_PACE_MS\` sets another, and 0
means no pause.

## The faults

“Invocations” counts how often the agent was asked. A fault without a directive is a fault of the network, which only the
tests cause. With default settings a row with 504 takes 25 s.`;

/** The text of docs/faults.md, laid out as prettier would. */
export function faultPage(cases: readonly FaultCase[]): string {
  const list = listFaults().map((fault) => `- \`${fault}\``);
  const rows = cases.map(({ fault, place, directive, status, error, stored, invocations }) => [
    fault,
    PLACES[place],
    error === undefined ? String(status) : `${status} \`${error}\``,
    stored,
    String(invocations),
    directive && `\`${directive}\``,
  ]);
  const known = OPTIONS.filter(([name]) => name === 'times' || list.some((line) => line.includes(`[${name}=`)));
  const options = table([['option', 'what it is'], ...known.map(([name, words]) => [`\`${name}\``, words])]);
  const head = ['fault', 'when', 'response', 'stored as', 'invocations', 'directive'];
  return `${[INTRODUCTION, list.join('\n'), options, NOTES, table([head, ...rows])].join('\n\n')}\n`;
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
