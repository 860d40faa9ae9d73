import { listFaults } from '../../src/local/emulator/directives.js';
import { type Kept, STOP_ROWS } from './stop-rows.js';
import { AGENT_NAMES, type FaultOutcome, type FaultPlace, type FaultRow } from './fault-rows.js';

const PLACES: Readonly<Record<FaultPlace, string>> = {
  before: '### Before the first event',
  at: '### As the first event',
  after: '### After some text',
};

const INTRODUCTION = `# Faults of the agent and of the table

For developers who want to know, and to see, what becomes of a turn when the agent or the table fails.

<!-- Written by \`npm run docs:faults\` from test/support/fault-matrix.ts, whose rows the tests run. Do not edit. -->

In every case the prompt is in the history, and the next turn continues the chat. After a turn that failed, broke off or ended
early, the next turn opens a new session of the agent. The new session gets what is stored: the newest 20 turns with a reply,
whole or partial, up to 100 KB. A turn that a filter ended is left out. A model by Converse gets the history with every turn.

The agent is asked again only if it refused the turn before it ran. An exception inside a stream comes from a turn that has
begun, and may have called its tools.

A fault of the table is another matter: 503 if it cannot be used, and 500 if it holds what cannot be read, such as a turn of
an unknown status. See [Troubleshooting](troubleshooting.md#503) and [Moving over](moving-over.md#messages-that-other-programs-wrote).

However a turn ends, it no longer counts for \`TURNS_AT_ONCE\` when its response is sent, unless the table fails. Then that is
tried again until its lease ends. The turn of a process that died counts until its lease ends.

## Seeing it

In local mode the emulated agent does what a prompt tells it to. \`LOCAL_AGENT=harness npm start\` emulates a harness, and
\`LOCAL_AGENT=converse npm start\` a model.

\`\`\`sh
curl -sS http://127.0.0.1:3000/chat -H "id_token: $ID_TOKEN" -H 'content-type: application/json' \\
  -d '{"prompt":"Plan a weekend [[fault torn after=2]]"}'
\`\`\`

A directive is \`[[fault <name> <option>=<value> …]]\`, anywhere in the prompt:`;

/** What becomes of a turn when the table fails. `test/storage/busy-table.e2e-spec.ts` and its neighbours test the rows. */
const TABLE_FAULTS: readonly (readonly string[])[] = [
  ['the table throttles or is away', '`POST /chat`', '`POST /chat/stream`', 'the turn'],
  ['when the turn begins', '503 within 5 s', '503 within 5 s', 'has not begun'],
  ['when its reply is stored, until 2.5 s after its deadline', '200', 'whole', 'done'],
  ['longer, but not to the end of its lease', '503, with `chat-id` and `turn-id`', 'whole, after comments', 'done'],
  ['the same, in the function of the template, with its time-out of 29 s', '503, as above', '–', 'failed'],
  ['to the end of its lease', '503, as above', 'an error', 'failed'],
  ['for good: it is gone or denies access', '503 at once', 'an error at once', 'failed; the next turn begins at once'],
  ['only when the chat is released', '200, up to 3.1 s later', 'whole, up to 3.1 s later', 'done'],
  ['while the process ends, for less than 22 s', 'as above', 'its reply or an error, and `[DONE]`', 'done or partial'],
];

const TABLE_NOTES = `## Faults of the table

A lease ends 15 s after the deadline of its turn: 40 s after the begin by default, 305 s for a stream. A stream may renew it
once, by 60 s. A function stores a turn until 1.5 s before its own time-out. With a time-out of 29 s and the default of
\`AGENT_TIMEOUT_MS\`, its 503 is sent at that time too, so nothing is stored after it. A turn that is given up ends its lease.

A delete that is interrupted has hidden its chat already. Its repetition finishes it, or the next list of chats, or a
[sweep](server.md#sweeping-the-table). A chat that is deleted while it is read is 404.`;

const STOP_NOTES = `## Stops

[A stop](chats.md#post-chatsidstop), a [turn that supersedes](api.md#supersede) and \`DELETE /chats\` end a turn alike, with every
agent. The call to the agent is aborted. A harness is also told to end the work of the session. The next turn opens a new
session, which gets what is stored; after a reply that was stored whole, the session continues.`;

/** The response of \`POST /chat\`, the end of a stream, and the turn in the history. */
const STOP_RESULTS: Readonly<Record<Kept, readonly string[]>> = {
  prompt: ['409', '409', 'a prompt, `stopped`'],
  text: ['409', '`abort`, `finish` with `other`', 'the text so far, `stopped`'],
  reply: ['200', 'whole', 'done'],
};

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

A cell says, in this order:

- the status of the response
- how the turn is stored
- how often the agent was asked, if not once
- the \`finishReason\` of a stream with a reply, if it is not \`stop\`

A dash means that the agent or its API has no such fault. A fault without a directive is a fault of the network, which only the tests
cause. With default settings a row with 504 takes 25 s. The status says what the response is:`;

/** The text of docs/faults.md, laid out as prettier would. */
export function faultPage(rows: readonly FaultRow[]): string {
  const list = listFaults().map((fault) => `- \`${fault}\``);
  const known = OPTIONS.filter(([name]) => name === 'times' || list.some((line) => line.includes(`[${name}=`)));
  const options = table([['option', 'what it is'], ...known.map(([name, words]) => [`\`${name}\``, words])]);
  const places = (Object.keys(PLACES) as FaultPlace[]).map((place) => placeSection(place, rows));
  return `${[INTRODUCTION, list.join('\n'), options, NOTES, statusTable(rows), ...places, stopSection(), TABLE_NOTES, table(TABLE_FAULTS)].join('\n\n')}\n`;
}

function stopSection(): string {
  const head = ['when the turn is stopped', '`POST /chat`', '`POST /chat/stream`', 'the turn', 'directive'];
  const rows = STOP_ROWS.map(({ point, directive, kept }) => [
    point,
    ...STOP_RESULTS[kept],
    directive && `\`${directive}\``,
  ]);
  return `${STOP_NOTES}\n\n${table([head, ...rows])}`;
}

function statusTable(rows: readonly FaultRow[]): string {
  const outcomes = rows.flatMap((row) => Object.values(row.outcomes));
  const errors = new Map(outcomes.map(({ status, error }) => [String(status), error ? `\`${error}\`` : 'the reply']));
  return table([['status', '`error`'], ...[...errors].toSorted()]);
}

function placeSection(place: FaultPlace, rows: readonly FaultRow[]): string {
  const cells = rows
    .filter((row) => row.place === place)
    .map(({ fault, directive, outcomes }) => [
      fault,
      ...AGENT_NAMES.map((agent) => describeOutcome(outcomes[agent])),
      directive && `\`${directive}\``,
    ]);
  return `${PLACES[place]}\n\n${table([['fault', ...AGENT_NAMES, 'directive'], ...cells])}`;
}

function describeOutcome(outcome: FaultOutcome | undefined): string {
  if (!outcome) return '–';
  const { status, stored, invocations, finishReason = 'stop' } = outcome;
  const calls = invocations === 0 ? 'not asked' : `asked ${invocations} times`;
  const notes = [invocations !== 1 && calls, finishReason !== 'stop' && `\`${finishReason}\``];
  return [`${status} ${stored}`, ...notes.filter((note) => note !== false)].join(', ');
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
