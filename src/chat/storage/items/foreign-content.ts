/** A value of another program that has several meanings, or none. */
export class UnclearValueError extends Error {
  override readonly name = 'UnclearValueError';

  /** @param path - where the value is, such as `[3].role`. */
  constructor(readonly path: string) {
    super('A value has no clear meaning');
  }
}

/**
 * The types of blocks that hold no words of the two, as Claude, OpenAI, LangChain and the AI SDK name them. Such blocks
 * are calls and results of tools, thoughts, files and sources.
 */
const WORDLESS_TYPES = new RegExp(
  [
    String.raw`^(?:(?:input_|output_)?(?:image|audio|video|file)|document|media|source|text-plain|cachePoint)$`,
    String.raw`^(?:dynamic-tool|search_result|container_upload|executable_code|code_execution_result)$`,
    String.raw`^(?:thinking|reasoning|(?:tool|function|source|image|redacted)[-_]|data-|step-)`,
    String.raw`_(?:use|call|result|output)$`,
    String.raw`tool_(?:use|call)`,
  ].join('|'),
);

/** The fields of blocks without a type that hold no words: Bedrock's ContentBlock, and the Part of Gemini. */
const WORDLESS_BLOCKS = new Set([
  'audio',
  'cachePoint',
  'codeExecutionResult',
  'document',
  'executableCode',
  'fileData',
  'functionCall',
  'functionResponse',
  'image',
  'inlineData',
  'reasoningContent',
  'searchResult',
  'toolResult',
  'toolUse',
  'video',
]);

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the words of a message: a text, a block, or a list of both. Blocks of Bedrock, Claude, OpenAI, Gemini, LangChain
 * and the AI SDK are known.
 *
 * @param path - where the value is.
 * @returns `''` if there surely are no words.
 * @throws UnclearValueError for a block that may have words elsewhere.
 */
export function readContent(content: unknown, path: string): string {
  if (content === null) return '';
  if (typeof content === 'string') return content;
  const blocks: unknown[] = Array.isArray(content) ? content : [content];
  return blocks.map((block) => readBlock(block, path)).join('');
}

/** The words of a block, or `''` for a block that surely has none. */
function readBlock(block: unknown, path: string): string {
  if (typeof block === 'string') return block;
  if (!isMap(block)) throw new UnclearValueError(path);
  const { type, text, refusal, transcript, thought, guardContent, citationsContent } = block;
  if (thought === true) return '';
  if (isWordlessType(type)) return isText(transcript) ? transcript : '';
  const words = [isMap(text) ? (text['value'] ?? text['text']) : text, refusal, transcript].find(isText);
  if (words !== undefined) return words;
  if (guardContent !== undefined) return readBlock(guardContent, path);
  if (isMap(citationsContent)) return readContent(citationsContent['content'] ?? null, path);
  if (type === undefined && Object.keys(block).some((name) => WORDLESS_BLOCKS.has(name))) return '';
  throw new UnclearValueError(path);
}

/** Whether a block of this type holds no words. Calls of OpenAI Responses have such a type in the place of a message. */
export function isWordlessType(type: unknown): boolean {
  return typeof type === 'string' && WORDLESS_TYPES.test(type);
}

export function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}
