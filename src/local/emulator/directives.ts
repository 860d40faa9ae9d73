import type { EmulatedBehaviour } from './behaviour.js';

/** A behaviour that a prompt can ask for, and its options beside `times`. */
interface DirectedFault {
  readonly options: readonly OptionName[];
  readonly behave: (options: Options) => EmulatedBehaviour;
}

type OptionName = 'after' | 'bytes' | 'exception' | 'ms' | 'pace' | 'pause' | 'reason' | 'rounds' | 'status' | 'times';
type Options = Partial<Record<OptionName, string>>;

/** A parsed directive: the behaviour, and for how many attempts. */
interface Directive {
  readonly behaviour: EmulatedBehaviour;
  readonly times: number;
}

const DIRECTIVE = /\[\[fault\b([^\]]*)\]\]/g;
const NUMBER = /^\d{1,7}$/;
/** Options whose values are words. */
const WORDS: Partial<Record<OptionName, RegExp>> = { exception: /^[A-Za-z]{1,64}$/, reason: /^[a-z_]{1,64}$/ };
/** How the list of faults shows these values. */
const EXAMPLES: Readonly<Record<string, string>> = { exception: 'Name', reason: 'name' };
const CHUNK_BYTES = 16_384;
const DEFAULT_EXCEPTION = 'InternalServerException';

const toAfterChunks = ({ after }: Options) => (after === undefined ? {} : { afterChunks: Number(after) });
/** Messages of AWS hold ARNs, which a caller must not see. */
const buildMessage = (exception: string) => `arn:aws:bedrock:us-east-1:123456789012:agent/EMULATED: ${exception}`;

/** The names are the types of {@link EmulatedBehaviour}. */
const FAULTS: Readonly<Record<EmulatedBehaviour['type'], DirectedFault>> = {
  reply: {
    options: ['pace'],
    behave: ({ pace }) => ({ type: 'reply', ...(pace !== undefined && { paceMs: Number(pace) }) }),
  },
  'http-error': {
    options: ['status', 'exception'],
    behave: ({ status = '500', exception = DEFAULT_EXCEPTION }) => ({
      type: 'http-error',
      status: Number(status),
      exception,
      message: buildMessage(exception),
    }),
  },
  'html-error': {
    options: ['status'],
    behave: ({ status = '504' }) => ({ type: 'html-error', status: Number(status) }),
  },
  'stream-exception': {
    options: ['exception', 'after'],
    behave: ({ exception = DEFAULT_EXCEPTION, ...options }) => ({
      type: 'stream-exception',
      exception,
      message: buildMessage(exception),
      ...toAfterChunks(options),
    }),
  },
  'hang-up': { options: [], behave: () => ({ type: 'hang-up' }) },
  torn: { options: ['after'], behave: (options) => ({ type: 'torn', ...toAfterChunks(options) }) },
  silence: { options: ['after'], behave: (options) => ({ type: 'silence', ...toAfterChunks(options) }) },
  'corrupt-frame': { options: ['after'], behave: (options) => ({ type: 'corrupt-frame', ...toAfterChunks(options) }) },
  empty: { options: [], behave: () => ({ type: 'empty' }) },
  chunks: {
    options: ['bytes', 'pause'],
    behave: ({ bytes = '1000', pause = '0' }) => ({
      type: 'chunks',
      chunks: buildChunks(Number(bytes)),
      pauseMs: Number(pause),
    }),
  },
  delay: { options: ['ms'], behave: ({ ms = '1000' }) => ({ type: 'delay', milliseconds: Number(ms) }) },
  'return-control': {
    options: ['after'],
    behave: (options) => ({ type: 'return-control', ...toAfterChunks(options) }),
  },
  'tool-rounds': {
    options: ['rounds'],
    behave: ({ rounds = '2' }) => ({ type: 'tool-rounds', rounds: Number(rounds) }),
  },
  'stop-reason': {
    options: ['reason', 'after'],
    behave: ({ reason = 'max_tokens', ...options }) => ({ type: 'stop-reason', reason, ...toAfterChunks(options) }),
  },
  'exception-event': {
    options: ['exception', 'after'],
    behave: ({ exception = DEFAULT_EXCEPTION, ...options }) => ({
      type: 'exception-event',
      exception,
      ...toAfterChunks(options),
    }),
  },
  'split-surrogates': { options: [], behave: () => ({ type: 'split-surrogates' }) },
  'no-stop': { options: [], behave: () => ({ type: 'no-stop' }) },
};

/**
 * Directives inside prompts, such as `[[fault torn after=2 times=1]]`, that choose what the emulated agent does.
 * Several in one prompt apply one after another. After all their attempts the agent replies as usual.
 * Attempts are counted for each session and prompt. docs/faults.md lists the directives.
 */
export class EmulatedDirectives {
  private readonly attempts = new Map<string, number>();

  /** Returns the behaviour for this attempt, or undefined if no directive of the prompt applies to it. */
  next(sessionId: string, prompt: string): EmulatedBehaviour | undefined {
    const found = [...prompt.matchAll(DIRECTIVE)];
    if (found.length === 0) return undefined;
    const directives: Directive[] = [];
    for (const [, words = ''] of found) {
      const directive = parseDirective(words.trim().split(/\s+/));
      if (typeof directive === 'string') return { type: 'chunks', chunks: [directive] };
      directives.push(directive);
    }

    const name = JSON.stringify([sessionId, prompt]);
    let attempt = this.attempts.get(name) ?? 0;
    this.attempts.set(name, attempt + 1);
    for (const { behaviour, times } of directives) {
      if (attempt < times) return behaviour;
      attempt -= times;
    }
    return undefined;
  }
}

/** Lists every fault with its options, in the syntax of a directive: `torn [after=n]`. */
export function listFaults(): string[] {
  return Object.entries(FAULTS).map(([name, { options }]) =>
    [name, ...options.map((option) => `[${option}=${EXAMPLES[option] ?? 'n'}]`)].join(' '),
  );
}

/** Returns the directive, or a sentence that says what is wrong with it. */
function parseDirective([name = '', ...words]: readonly string[]): Directive | string {
  if (!isFault(name)) return `I do not know the fault “${name}”. I know ${listFaults().join(', ')}.`;
  const { options: known, behave } = FAULTS[name];
  const options: Options = {};
  for (const word of words) {
    const [option = '', value = ''] = word.split('=', 2);
    if (!isKnownOption([...known, 'times'], option) || !(WORDS[option] ?? NUMBER).test(value)) {
      return `I do not understand “${word}” of the fault “${name}”. I know ${[...known, 'times'].join(', ')}.`;
    }
    options[option] = value;
  }
  const { times = '1', ...rest } = options;
  return { behaviour: behave(rest), times: Number(times) };
}

function isFault(name: string): name is EmulatedBehaviour['type'] {
  return Object.hasOwn(FAULTS, name);
}

function isKnownOption(known: readonly string[], option: string): option is OptionName {
  return known.includes(option);
}

/** Builds a reply of exactly so many bytes. */
function buildChunks(bytes: number): Uint8Array[] {
  const starts = Array.from({ length: Math.ceil(bytes / CHUNK_BYTES) }, (_, index) => index * CHUNK_BYTES);
  return starts.map((start) => Buffer.alloc(Math.min(CHUNK_BYTES, bytes - start), 'all work and no play '));
}
