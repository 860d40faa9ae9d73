import { type Fields, isMap, isText, isWordlessType, readContent, UnclearValueError } from './foreign-content.js';

/** A message as another program stored it, as far as it says something. */
export interface ForeignMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/**
 * What the common programs call those that speak. Undefined for messages that are not the words of the two: system
 * prompts, and calls and results of tools.
 */
const SPEAKERS = new Map<string, ForeignMessage['role'] | undefined>([
  ['user', 'user'],
  ['human', 'user'],
  ['assistant', 'assistant'],
  ['ai', 'assistant'],
  ['bot', 'assistant'],
  ['model', 'assistant'],
  ['system', undefined],
  ['developer', undefined],
  ['tool', undefined],
  ['function', undefined],
]);

/** The fields of a message that hold its words, in the order in which they count. */
const WORD_FIELDS = ['content', 'text', 'parts', 'refusal'] as const;

/** The fields of a message that needs no words, because it calls tools. */
const CALL_FIELDS = ['tool_calls', 'toolCalls', 'function_call', 'toolInvocations'];

/**
 * Reads a list of messages in the forms that programs with boto3, LangChain, Bedrock, OpenAI and the AI SDK write:
 *
 * - a list, or a JSON text of a list; its messages are maps, or JSON texts of maps
 * - `role`, or the `type` of LangChain: see SPEAKERS
 * - the first of WORD_FIELDS that has words, in LangChain inside of `data` or `kwargs`: a text, a block, or a list of both
 *
 * Messages that surely have no words are left out.
 *
 * @throws UnclearValueError for everything else, because a guess could put words into the mouth of the other.
 */
export function readForeignMessages(messages: unknown): ForeignMessage[] {
  if (messages === undefined || messages === null || messages === '') return [];
  if (typeof messages === 'string') return readForeignMessages(parseJson(messages, ''));
  if (!Array.isArray(messages)) throw new UnclearValueError('');
  return messages.flatMap((message, index) => readMessage(message, `[${index}]`));
}

function readMessage(value: unknown, path: string): ForeignMessage[] {
  const message = typeof value === 'string' ? parseJson(value, path) : value;
  if (!isMap(message)) throw new UnclearValueError(path);
  const { role: ownRole, type, data, kwargs } = message;
  const isSerialised = type === 'constructor';
  const inner = [isSerialised ? kwargs : data].find(isMap) ?? {};
  const speaker = ownRole ?? inner['role'];
  if (speaker === undefined && isWordlessType(type)) return [];
  const role = readRole(speaker ?? (isSerialised ? findClassName(message) : type), path);
  if (role === undefined) return [];
  // A message with a role and words of its own may have any `data`.
  const isWhole = ownRole !== undefined && WORD_FIELDS.some((name) => name in message);
  const content = readWords(isWhole ? [message] : [inner, message], path);
  return content === '' ? [] : [{ role, content }];
}

/** The words of the first field that has some. */
function readWords(holders: readonly Fields[], path: string): string {
  const fields = holders.flatMap((holder) =>
    WORD_FIELDS.filter((name) => name in holder).map((name) => [name, holder[name]] as const),
  );
  for (const [name, value] of fields) {
    const words = readContent(value, `${path}.${name}`);
    if (words !== '') return words;
  }
  const spoken = holders.map(({ audio }) => (isMap(audio) ? audio['transcript'] : undefined)).find(isText);
  if (spoken !== undefined) return spoken;
  const isCall = holders.some((holder) => CALL_FIELDS.some((name) => name in holder));
  if (fields.length === 0 && !isCall) throw new UnclearValueError(`${path}.content`);
  return '';
}

/** The class that LangChain has serialised: the last name of its path. */
function findClassName({ id }: Fields): unknown {
  return Array.isArray(id) ? id.at(-1) : undefined;
}

function readRole(value: unknown, path: string): ForeignMessage['role'] | undefined {
  // The names of LangChain's classes end so.
  const name = typeof value === 'string' ? value.toLowerCase().replace(/message(chunk)?$/, '') : '';
  if (!SPEAKERS.has(name)) throw new UnclearValueError(`${path}.role`);
  return SPEAKERS.get(name);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnclearValueError(path);
  }
}
