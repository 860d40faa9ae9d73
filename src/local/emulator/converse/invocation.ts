import type { IncomingMessage } from 'node:http';
import { type AgentInvocation, readJsonBody, RefusedRequestError, requireValid } from '../agent-server.js';
import type { ConversationMessage } from '../reply-source.js';

/** One call of ConverseStream. A model has no sessions: calls with the same messages count as attempts of one turn. */
export interface ConverseInvocation extends AgentInvocation {
  readonly modelId: string;
  readonly systemPrompt?: string;
  readonly maxTokens?: number;
  readonly guardrail?: { readonly id: string; readonly version: string };
  /** `requestMetadata`. The model does not see it. */
  readonly metadata: Readonly<Partial<Record<string, string>>>;
}

/** The fields of ConverseStream's body that the emulator reads. */
interface ConverseBody {
  messages?: unknown;
  system?: unknown;
  inferenceConfig?: { maxTokens?: unknown };
  guardrailConfig?: { guardrailIdentifier?: unknown; guardrailVersion?: unknown };
  requestMetadata?: unknown;
}

const ROUTE = /^\/model\/([^/?]+)\/converse-stream\/?$/;
const RESOURCE = '(foundation-model|inference-profile|application-inference-profile|provisioned-model|imported-model)';
/** The id of a model or of an inference profile, or an ARN. The API's pattern allows more, and then finds no model. */
const MODEL_ID = new RegExp(
  `^([a-z0-9-]+(\\.[a-z0-9-]+)+(:[a-z0-9-]+)*|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]+:(\\d{12})?:${RESOURCE}/[\\w.:-]+)$`,
);
const GUARDRAIL_ID = /^([a-z0-9]+|arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:\d{12}:guardrail\/[a-z0-9]+)$/;
const GUARDRAIL_VERSION = /^([1-9]\d{0,7}|DRAFT)$/;
const METADATA = /^[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}$/;

/**
 * Reads one request and checks it by the rules of ConverseStream. The messages are as AWS words them.
 *
 * @throws RefusedRequestError
 */
export async function readInvocation(request: IncomingMessage): Promise<ConverseInvocation> {
  const route = ROUTE.exec(request.url ?? '');
  if (request.method !== 'POST' || !route) {
    throw new RefusedRequestError(404, 'UnknownOperationException', 'No such route');
  }
  const modelId = decodeURIComponent(route[1] ?? '');
  requireValid(MODEL_ID.test(modelId), 'The provided model identifier is invalid.');
  const body: ConverseBody = await readJsonBody(request);
  const messages = parseMessages(body.messages);
  const system = body.system === undefined ? [] : parseTexts(body.system, 'system');
  const { maxTokens } = body.inferenceConfig ?? {};
  requireValid(maxTokens === undefined || (Number.isInteger(maxTokens) && Number(maxTokens) >= 1), 'maxTokens');
  const guardrail = parseGuardrail(body.guardrailConfig);
  return {
    modelId,
    sessionId: JSON.stringify(messages),
    prompt: messages.at(-1)?.text ?? '',
    ...(messages.length > 1 && { conversationHistory: messages.slice(0, -1) }),
    ...(system.length > 0 && { systemPrompt: system.join('\n') }),
    ...(maxTokens !== undefined && { maxTokens: Number(maxTokens) }),
    ...(guardrail && { guardrail }),
    metadata: parseMetadata(body.requestMetadata),
    outcome: 'running',
  };
}

function parseMessages(messages: unknown): ConversationMessage[] {
  requireValid(Array.isArray(messages) && messages.length > 0, 'messages must have at least 1 message');
  const parsed = messages.map((message: { role?: unknown; content?: unknown } | null, index): ConversationMessage => {
    const role = index % 2 === 0 ? 'user' : 'assistant';
    requireValid(index > 0 || message?.role === role, 'A conversation must start with a user message.');
    requireValid(message?.role === role, 'A conversation must alternate between user and assistant roles.');
    return { role, text: parseTexts(message.content, `messages.${index}.content`).join('') };
  });
  requireValid(parsed.at(-1)?.role === 'user', 'The conversation must end with a user message.');
  return parsed;
}

/** The texts of a list of blocks. Bedrock refuses empty lists, and texts of white space alone. */
function parseTexts(blocks: unknown, place: string): string[] {
  requireValid(Array.isArray(blocks) && blocks.length > 0, `The list of blocks at ${place} is empty.`);
  return blocks.map((block: { text?: unknown } | null, index) => {
    const text = block?.text;
    requireValid(typeof text === 'string', `The block at ${place}.${index} is no text.`);
    requireValid(text.trim() !== '', `The text field in the ContentBlock object at ${place}.${index} is blank.`);
    return text;
  });
}

function parseGuardrail(config: ConverseBody['guardrailConfig']): ConverseInvocation['guardrail'] {
  if (config === undefined) return undefined;
  const { guardrailIdentifier: id, guardrailVersion: version } = config;
  requireValid(typeof id === 'string' && GUARDRAIL_ID.test(id), 'The guardrail identifier is invalid.');
  requireValid(typeof version === 'string' && GUARDRAIL_VERSION.test(version), 'The guardrail version is invalid.');
  return { id, version };
}

function parseMetadata(metadata: unknown): Partial<Record<string, string>> {
  const entries = Object.entries((metadata ?? {}) as Record<string, unknown>);
  const isValid = entries.every(([name, value]) => METADATA.test(name) && METADATA.test(String(value)));
  requireValid(isValid && entries.length <= 16, 'requestMetadata is invalid.');
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
