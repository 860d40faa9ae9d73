import type { IncomingMessage } from 'node:http';
import { type AgentInvocation, readJsonBody, RefusedRequestError, requireValid } from '../agent-server.js';
import type { ConversationMessage } from '../reply-source.js';

/** One call of InvokeHarness. The history is `messages` without the last. */
export interface EmulatedHarnessInvocation extends AgentInvocation {
  readonly harnessArn: string;
  /** The endpoint of the harness; `DEFAULT` if none was named. */
  readonly qualifier: string;
  readonly actorId?: string;
  readonly timeoutSeconds?: number;
  /** The names of all members of the body, sorted. */
  readonly members: readonly string[];
}

/** One call of StopRuntimeSession. */
export interface StoppedSession {
  readonly harnessArn: string;
  readonly qualifier: string;
  readonly sessionId: string;
}

const HARNESS_ARN = /^arn:aws[a-z-]*:bedrock-agentcore:[a-z\d-]+:\d{12}:harness\/[\w-]+$/;
const QUALIFIER = /^[a-zA-Z]\w{0,47}$/;
const SESSION_ID = /^[a-zA-Z0-9][a-zA-Z0-9-_]{32,99}$/;
const ACTOR_ID = /^[a-zA-Z0-9][a-zA-Z0-9-_/:]{0,254}$/;
const SESSION_HEADER = 'x-amzn-bedrock-agentcore-runtime-session-id';
const STOP_ROUTE = /^\/runtimes\/([^/]+)\/stopruntimesession$/;

/**
 * Reads a call of InvokeHarness or of StopRuntimeSession, and checks it by the rules of the API reference.
 *
 * @throws RefusedRequestError
 */
export async function readHarnessRequest(
  request: IncomingMessage,
): Promise<EmulatedHarnessInvocation | { readonly stop: StoppedSession }> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const stopped = STOP_ROUTE.exec(pathname)?.[1];
  if (request.method !== 'POST' || (stopped === undefined && pathname !== '/harnesses/invoke'))
    throw new RefusedRequestError(404, 'UnknownOperationException', 'No such route');
  const body = await readJsonBody(request);

  const harnessArn = stopped === undefined ? (searchParams.get('harnessArn') ?? '') : decodeURIComponent(stopped);
  const qualifier = searchParams.get('qualifier') ?? 'DEFAULT';
  const sessionId = String(request.headers[SESSION_HEADER] ?? '');
  requireValid(HARNESS_ARN.test(harnessArn), 'harnessArn must be the ARN of a harness');
  requireValid(QUALIFIER.test(qualifier), 'qualifier must be the name of an endpoint');
  requireValid(SESSION_ID.test(sessionId), 'runtimeSessionId must be 33 to 100 of letters, digits, - _');
  const target = { harnessArn, qualifier, sessionId };
  return stopped === undefined ? { ...target, ...parseBody(body) } : { stop: target };
}

function parseBody(body: Readonly<Record<string, unknown>>) {
  const { messages, actorId, timeoutSeconds } = body;
  const texts = parseMessages(messages);
  const prompt = texts.at(-1);
  requireValid(prompt?.role === 'user', 'The last message must be of the user');
  requireValid(actorId === undefined || (typeof actorId === 'string' && ACTOR_ID.test(actorId)), 'actorId is invalid');
  const isSeconds = typeof timeoutSeconds === 'number' && Number.isInteger(timeoutSeconds) && timeoutSeconds >= 1;
  requireValid(timeoutSeconds === undefined || isSeconds, 'timeoutSeconds must be a whole number of at least 1');
  return {
    prompt: prompt.text,
    ...(texts.length > 1 && { conversationHistory: texts.slice(0, -1) }),
    ...(actorId !== undefined && { actorId }),
    ...(isSeconds && { timeoutSeconds }),
    members: Object.keys(body).toSorted(),
    outcome: 'running' as const,
  };
}

function parseMessages(messages: unknown): ConversationMessage[] {
  requireValid(Array.isArray(messages) && messages.length > 0, 'messages must be a list with a message');
  return messages.map((message: { role?: unknown; content?: unknown } | null) => {
    const role = message?.role;
    requireValid(role === 'user' || role === 'assistant', 'A role must be user or assistant');
    requireValid(Array.isArray(message?.content) && message.content.length > 0, 'A message has no content');
    const texts = message.content.map((block: { text?: unknown } | null) => block?.text);
    // A real harness runs the tools that other blocks call. Nothing here sends them.
    requireValid(
      texts.every((text) => typeof text === 'string' && text !== ''),
      'A block of content must be a text that is not empty',
    );
    return { role, text: texts.join('') };
  });
}
