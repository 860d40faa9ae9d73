import type { IncomingMessage } from 'node:http';

/** One call of InvokeAgent. */
export interface EmulatedInvocation {
  readonly agentId: string;
  readonly agentAliasId: string;
  readonly sessionId: string;
  readonly prompt: string;
  readonly endSession: boolean;
  readonly enableTrace: boolean;
  /** `streamingConfigurations.streamFinalResponse`. */
  readonly streamFinalResponse: boolean;
  /** `sessionState.conversationHistory`, with the texts of each message joined; absent if none was sent. */
  readonly conversationHistory?: readonly HistoryMessage[];
  /**
   * `running` while the response is sent; `replied` once it is complete, also if it is an error.
   * `cut` if a behaviour closed the connection, `left` if the caller did.
   */
  outcome: 'running' | 'replied' | 'cut' | 'left';
}

export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** A request that AWS would refuse. `exception` is the error's name in the API. */
export class RefusedInvocationError extends Error {
  constructor(
    readonly status: number,
    readonly exception: string,
    message: string,
  ) {
    super(message);
  }
}

/** The fields of InvokeAgent's body that the emulator reads. */
interface InvokeAgentBody {
  inputText?: unknown;
  endSession?: unknown;
  enableTrace?: unknown;
  streamingConfigurations?: { streamFinalResponse?: unknown };
  sessionState?: { conversationHistory?: { messages?: unknown } };
}

const ROUTE = /^\/agents\/([^/?]+)\/agentAliases\/([^/?]+)\/sessions\/([^/?]+)\/text\/?$/;

/**
 * Reads one request and checks it by the rules of InvokeAgent's API reference.
 *
 * @throws RefusedInvocationError
 */
export async function readInvocation(request: IncomingMessage): Promise<EmulatedInvocation> {
  const route = ROUTE.exec(request.url ?? '');
  if (request.method !== 'POST' || !route)
    throw new RefusedInvocationError(404, 'UnknownOperationException', 'No such route');
  const [agentId = '', agentAliasId = '', sessionId = ''] = route.slice(1).map(decodeURIComponent);
  const body = await readBody(request);

  const endSession = body.endSession === true;
  const prompt = body.inputText ?? '';
  requireValid(/^[0-9a-zA-Z]{1,10}$/.test(agentId), 'agentId must be 1 to 10 letters and digits');
  requireValid(/^[0-9a-zA-Z]{1,10}$/.test(agentAliasId), 'agentAliasId must be 1 to 10 letters and digits');
  requireValid(/^[0-9a-zA-Z._:-]{2,100}$/.test(sessionId), 'sessionId must be 2 to 100 of letters, digits, . _ : -');
  requireValid(typeof prompt === 'string' && (prompt !== '' || endSession), 'inputText must be a text');
  const conversationHistory = parseHistory(body.sessionState?.conversationHistory?.messages);
  return {
    agentId,
    agentAliasId,
    sessionId,
    prompt,
    endSession,
    enableTrace: body.enableTrace === true,
    streamFinalResponse: body.streamingConfigurations?.streamFinalResponse === true,
    ...(conversationHistory && { conversationHistory }),
    outcome: 'running',
  };
}

async function readBody(request: IncomingMessage): Promise<InvokeAgentBody> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  try {
    const body: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    requireValid(typeof body === 'object' && body !== null, 'The body must be an object');
    return body;
  } catch {
    throw new RefusedInvocationError(400, 'ValidationException', 'The body must be a JSON object');
  }
}

function parseHistory(messages: unknown): HistoryMessage[] | undefined {
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

function requireValid(holds: boolean, message: string): asserts holds {
  if (!holds) throw new RefusedInvocationError(400, 'ValidationException', message);
}
