/** What is kept of a turn that was stopped: its prompt alone, its prompt and what of the text had come, or its whole reply. */
export type Kept = 'prompt' | 'text' | 'reply';

/** A point of a turn at which it is stopped, or superseded by another turn. All agents have the same rows. */
export interface StopRow {
  readonly point: string;
  /** Part of the prompt, by which an emulated agent holds its turn at this point. Empty if the table holds it. */
  readonly directive: string;
  /** What the reply so far looks like at this point; undefined if there is none. */
  readonly text?: RegExp;
  readonly kept: Kept;
}

export const STOP_ROWS: readonly StopRow[] = [
  { point: 'before the agent responds', directive: '[[fault delay ms=600000]]', kept: 'prompt' },
  { point: 'before its first event', directive: '[[fault silence after=0]]', kept: 'prompt' },
  { point: 'amid its text', directive: '[[fault silence after=2]]', text: /^You said/, kept: 'text' },
  {
    point: 'after its last text, before its end',
    directive: '[[fault silence after=99]]',
    text: /you began with “[^”]+”\.$/,
    kept: 'text',
  },
  { point: 'while its end is stored', directive: '', text: /you began with “[^”]+”\.$/, kept: 'reply' },
];
