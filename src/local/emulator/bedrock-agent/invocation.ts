import type { IncomingMessage } from 'node:http';
import { type AgentInvocation, readJsonBody, RefusedRequestError, requireValid } from '../agent-server.js';
import type { ConversationMessage } from '../reply-source.js';

/** One call of InvokeAgent. The history is `sessionState.conversationHistory`. */
export interface EmulatedInvocation extends AgentInvocation {
  readonly agentId: string;
  readonly agentAliasId: string;
  readonly endSession: boolean;
  readonly enableTrace: boolean;
  /** `streamingConfigurations.streamFinalResponse`. */
  readonly streamFinalResponse: boolean;
  /** `sessionState.sessionAttributes`; absent if none was sent. */
  readonly sessionAttributes?: Readonly<Record<string, string>>;
  /** The attributes of the session, as action groups get them. Attributes of earlier turns stay, unless they were replaced. */
  readonly knownAttributes: Readonly<Record<string, string>>;
}

/** The fields of InvokeAgent's body that the emulator reads. */
interface InvokeAgentBody {
  inputText?: unknown;
  endSession?: unknown;
  enableTrace?: unknown;
  streamingConfigurations?: { streamFinalResponse?: unknown };
  sessionState?: { conversationHistory?: { messages?: unknown }; sessionAttributes?: Readonly<Record<string, string>> };
}

const ROUTE = /^\/agents\/([^/?]+)\/agentAliases\/([^/?]+)\/sessions\/([^/?]+)\/text\/?$/;

/**
 * Reads one request and checks it by the rules of InvokeAgent's API reference.
 *
 * @throws RefusedRequestError
 */
export async function readInvocation(request: IncomingMessage): Promise<Omit<EmulatedInvocation, 'knownAttributes'>> {
  const route = ROUTE.exec(request.url ?? '');
  if (request.method !== 'POST' || !route)
    throw new RefusedRequestError(404, 'UnknownOperationException', 'No such route');
  const [agentId = '', agentAliasId = '', sessionId = ''] = route.slice(1).map(decodeURIComponent);
  const body: InvokeAgentBody = await readJsonBody(request);

  const endSession = body.endSession === true;
  const prompt = body.inputText ?? '';
  requireValid(/^[0-9a-zA-Z]{1,10}$/.test(agentId), 'agentId must be 1 to 10 letters and digits');
  requireValid(/^[0-9a-zA-Z]{1,10}$/.test(agentAliasId), 'agentAliasId must be 1 to 10 letters and digits');
  requireValid(/^[0-9a-zA-Z._:-]{2,100}$/.test(sessionId), 'sessionId must be 2 to 100 of letters, digits, . _ : -');
  requireValid(typeof prompt === 'string' && (prompt !== '' || endSession), 'inputText must be a text');
  const sessionAttributes = body.sessionState?.sessionAttributes;
  const conversationHistory = parseHistory(body.sessionState?.conversationHistory?.messages);
  return {
    agentId,
    agentAliasId,
    sessionId,
    prompt,
    endSession,
    enableTrace: body.enableTrace === true,
    streamFinalResponse: body.streamingConfigurations?.streamFinalResponse === true,
    ...(sessionAttributes && { sessionAttributes }),
    ...(conversationHistory && { conversationHistory }),
    outcome: 'running',
  };
}

function parseHistory(messages: unknown): ConversationMessage[] | undefined {
  if (messages === undefined || messages === null) return undefined;
  requireValid(Array.isArray(messages), 'conversationHistory.messages must be a list');
  return messages.map((message: { role?: unknown; content?: unknown } | null, index) => {
    const role = index % 2 === 0 ? 'user' : 'assistant';
    requireValid(message?.role === role, 'conversationHistory must alternate, the user first');
    requireValid(
      Array.isArray(message.content) && message.content.length > 0,
      'conversationHistory has an empty message',
    );
    const texts = message.content.map((block: { text?: unknown } | null) => block?.text);
    requireValid(
      texts.every((text) => typeof text === 'string' && text !== ''),
      'conversationHistory has an empty text',
    );
    return { role, text: texts.join('') };
  });
}
