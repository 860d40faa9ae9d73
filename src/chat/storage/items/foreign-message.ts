/** A message as another program stored it, as far as it says something. */
export interface ForeignMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A value of another program that has several meanings, or none. */
export class UnclearValueError extends Error {
  override readonly name = 'UnclearValueError';

  /** @param path - where the value is, such as `[3].role`. */
  constructor(readonly path: string) {
    super('A value has no clear meaning');
  }
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

/** The fields of blocks without a type that hold no words: Bedrock's ContentBlock, and the Part of Gemini. */
const WORDLESS_BLOCKS = new Set([
  'audio',
  'cachePoint',
  'document',
  'functionCall',
  'functionResponse',
  'image',
  'inlineData',
  'reasoningContent',
  'toolResult',
  'toolUse',
  'video',
]);

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a list of messages in the forms that programs with boto3, LangChain, Bedrock, OpenAI and the AI SDK write:
 *
 * - a list, or a JSON text of a list; its messages are maps, or JSON texts of maps
 * - `role`, or the `type` of LangChain: see SPEAKERS
 * - `content`, `text` or `parts`, in LangChain for Python inside of `data`: a text, a block, or a list of both
 *
 * Messages without words are left out.
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
  const data = isMap(message['data']) ? message['data'] : {};
  const role = readRole(message['role'] ?? data['role'] ?? message['type'], path);
  if (role === undefined) return [];
  const holder = 'content' in data ? data : message;
  const field = ['content', 'text', 'parts'].find((name) => name in holder);
  const content = readContent(field === undefined ? undefined : holder[field], `${path}.${field ?? 'content'}`);
  return content === '' ? [] : [{ role, content }];
}

function readRole(value: unknown, path: string): ForeignMessage['role'] | undefined {
  // The names of LangChain's classes end so.
  const name = typeof value === 'string' ? value.toLowerCase().replace(/message(chunk)?$/, '') : '';
  if (!SPEAKERS.has(name)) throw new UnclearValueError(`${path}.role`);
  return SPEAKERS.get(name);
}

function readContent(content: unknown, path: string): string {
  if (content === null) return '';
  if (typeof content === 'string') return content;
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  return blocks.map((block) => readBlock(block, path)).join('');
}

/** The words of a block, or `''` for a block that surely has none. */
function readBlock(block: unknown, path: string): string {
  if (typeof block === 'string') return block;
  if (!isMap(block)) throw new UnclearValueError(path);
  const { type, text } = block;
  if (typeof type === 'string' && !/^(input_|output_)?text$/.test(type)) return '';
  if (typeof text === 'string') return text;
  if (Object.keys(block).some((name) => WORDLESS_BLOCKS.has(name))) return '';
  throw new UnclearValueError(path);
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnclearValueError(path);
  }
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
