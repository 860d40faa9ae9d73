import type { EmulatedBehaviour } from './behaviour.js';

/** A kind of misbehaviour that a prompt may ask for, and the options that it takes beside `times`. */
interface DirectedFault {
  readonly options: readonly OptionName[];
  readonly behave: (options: Options) => EmulatedBehaviour;
}

type OptionName = 'after' | 'bytes' | 'exception' | 'ms' | 'pause' | 'status' | 'times';
type Options = Partial<Record<OptionName, string>>;

/** A directive as read: how the agent behaves, and for how many attempts. */
interface Directive {
  readonly behaviour: EmulatedBehaviour;
  readonly times: number;
}

const DIRECTIVE = /\[\[fault\b([^\]]*)\]\]/g;
const NUMBER = /^\d{1,7}$/;
const EXCEPTION = /^[A-Za-z]{1,64}$/;
const CHUNK_BYTES = 16_384;
const DEFAULT_EXCEPTION = 'InternalServerException';

const after = ({ after: chunks }: Options) => (chunks === undefined ? {} : { afterChunks: Number(chunks) });
/** AWS's own messages hold ARNs, and nobody may see those. */
const message = (exception: string) => `arn:aws:bedrock:us-east-1:123456789012:agent/EMULATED: ${exception}`;

/** What each fault becomes. The names are the types of {@link EmulatedBehaviour}. */
const FAULTS: Readonly<Record<EmulatedBehaviour['type'], DirectedFault>> = {
  answer: { options: [], behave: () => ({ type: 'answer' }) },
  'http-error': {
    options: ['status', 'exception'],
    behave: ({ status = '500', exception = DEFAULT_EXCEPTION }) => ({
      type: 'http-error',
      status: Number(status),
      exception,
      message: message(exception),
    }),
  },
  'stream-exception': {
    options: ['exception', 'after'],
    behave: ({ exception = DEFAULT_EXCEPTION, ...options }) => ({
      type: 'stream-exception',
      exception,
      message: message(exception),
      ...after(options),
    }),
  },
  'hang-up': { options: [], behave: () => ({ type: 'hang-up' }) },
  torn: { options: ['after'], behave: (options) => ({ type: 'torn', ...after(options) }) },
  silence: { options: ['after'], behave: (options) => ({ type: 'silence', ...after(options) }) },
  'corrupt-frame': { options: ['after'], behave: (options) => ({ type: 'corrupt-frame', ...after(options) }) },
  empty: { options: [], behave: () => ({ type: 'empty' }) },
  chunks: {
    options: ['bytes', 'pause'],
    behave: ({ bytes = '1000', pause = '0' }) => ({
      type: 'chunks',
      chunks: chunksOf(Number(bytes)),
      pauseMs: Number(pause),
    }),
  },
  delay: { options: ['ms'], behave: ({ ms = '1000' }) => ({ type: 'delay', milliseconds: Number(ms) }) },
  'return-control': { options: ['after'], behave: (options) => ({ type: 'return-control', ...after(options) }) },
};

/**
 * Directives inside prompts, such as `[[fault torn after=2 times=1]]`, that make the emulated agent misbehave. Several
 * in one prompt follow one another; when all have had their attempts, the agent answers. Attempts are counted for each
 * session and prompt. docs/faults.md lists them.
 */
export class EmulatedDirectives {
  private readonly attempts = new Map<string, number>();

  /** How the agent meets this attempt, or undefined where the prompt asks for nothing (any more). */
  next(sessionId: string, prompt: string): EmulatedBehaviour | undefined {
    const found = [...prompt.matchAll(DIRECTIVE)];
    if (found.length === 0) return undefined;
    const directives: Directive[] = [];
    for (const [, words = ''] of found) {
      const directive = readDirective(words.trim().split(/\s+/));
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

/** Every fault with its options, as one writes them: `torn [after=n]`. */
export function knownFaults(): string[] {
  return Object.entries(FAULTS).map(([name, { options }]) =>
    [name, ...options.map((option) => `[${option}=${option === 'exception' ? 'Name' : 'n'}]`)].join(' '),
  );
}

/** A directive, or what is wrong with it in words for whoever wrote it. */
function readDirective([name = '', ...words]: readonly string[]): Directive | string {
  if (!isFault(name)) return `I do not know the fault “${name}”. I know ${knownFaults().join(', ')}.`;
  const { options: known, behave } = FAULTS[name];
  const options: Options = {};
  for (const word of words) {
    const [option = '', value = ''] = word.split('=', 2);
    const wanted = option === 'exception' ? EXCEPTION : NUMBER;
    if (!isOptionOf([...known, 'times'], option) || !wanted.test(value)) {
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

function isOptionOf(known: readonly string[], option: string): option is OptionName {
  return known.includes(option);
}

/** An answer of exactly so many bytes. */
function chunksOf(bytes: number): Uint8Array[] {
  const starts = Array.from({ length: Math.ceil(bytes / CHUNK_BYTES) }, (_, index) => index * CHUNK_BYTES);
  return starts.map((start) => Buffer.alloc(Math.min(CHUNK_BYTES, bytes - start), 'all work and no play '));
}
