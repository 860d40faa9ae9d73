import type { IncomingMessage } from 'node:http';

/** One call of InvokeAgent, as it came over the wire. */
export interface EmulatedInvocation {
  readonly agentId: string;
  readonly agentAliasId: string;
  readonly sessionId: string;
  readonly prompt: string;
  readonly endSession: boolean;
  readonly enableTrace: boolean;
  /** `streamingConfigurations.streamFinalResponse`. */
  readonly streamFinalResponse: boolean;
  /** `sessionState.conversationHistory`, each message's text joined; absent when none was sent. */
  readonly conversationHistory?: readonly HistoryMessage[];
  /**
   * `running` until the response is over; then `answered` (whatever the answer was), `cut` by a behaviour, or `left`
   * when the caller closed the connection first.
   */
  outcome: 'running' | 'answered' | 'cut' | 'left';
}

export interface HistoryMessage {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/** A request the real service would refuse; `exception` is its name in the API. */
export class RefusedInvocationError extends Error {
  constructor(
    readonly status: number,
    readonly exception: string,
    message: string,
  ) {
    super(message);
  }
}

/** The parts of InvokeAgent's body that the emulator reads. */
interface InvokeAgentBody {
  inputText?: unknown;
  endSession?: unknown;
  enableTrace?: unknown;
  streamingConfigurations?: { streamFinalResponse?: unknown };
  sessionState?: { conversationHistory?: { messages?: unknown } };
}

const ROUTE = /^\/agents\/([^/?]+)\/agentAliases\/([^/?]+)\/sessions\/([^/?]+)\/text\/?$/;

/**
 * Reads one request and checks it as the API reference of InvokeAgent says.
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
  check(/^[0-9a-zA-Z]{1,10}$/.test(agentId), 'agentId must be 1 to 10 letters and digits');
  check(/^[0-9a-zA-Z]{1,10}$/.test(agentAliasId), 'agentAliasId must be 1 to 10 letters and digits');
  check(/^[0-9a-zA-Z._:-]{2,100}$/.test(sessionId), 'sessionId must be 2 to 100 of letters, digits, . _ : -');
  check(typeof prompt === 'string' && (prompt !== '' || endSession), 'inputText must be a text');
  const conversationHistory = readHistory(body.sessionState?.conversationHistory?.messages);
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
    check(typeof body === 'object' && body !== null, 'The body must be an object');
    return body;
  } catch {
    throw new RefusedInvocationError(400, 'ValidationException', 'The body must be a JSON object');
  }
}

function readHistory(messages: unknown): HistoryMessage[] | undefined {
  if (messages === undefined || messages === null) return undefined;
  check(Array.isArray(messages), 'conversationHistory.messages must be a list');
  return messages.map((message: { role?: unknown; content?: unknown } | null, index) => {
    const role = index % 2 === 0 ? 'user' : 'assistant';
    check(message?.role === role, 'conversationHistory must alternate, the user first');
    check(Array.isArray(message.content) && message.content.length > 0, 'conversationHistory has an empty message');
    const texts = message.content.map((block: { text?: unknown } | null) => block?.text);
    check(
      texts.every((text) => typeof text === 'string' && text !== ''),
      'conversationHistory has an empty text',
    );
    return { role, text: texts.join('') };
  });
}

function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new RefusedInvocationError(400, 'ValidationException', message);
}
