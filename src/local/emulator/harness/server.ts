import type { ServerResponse } from 'node:http';
import {
  type AgentEmulator,
  type AgentEmulatorOptions,
  RefusedRequestError,
  startAgentServer,
} from '../agent-server.js';
import { type MessageReply, toMessageFrames } from '../message-frames.js';
import { composeReply, splitReply } from '../reply.js';
import { type Conversation, listPrompts } from '../reply-source.js';
import { EmulatedSessions } from '../sessions.js';
import { type EmulatedHarnessInvocation, readHarnessRequest, type StoppedSession } from './invocation.js';

export interface HarnessEmulatorOptions extends AgentEmulatorOptions {
  /** Seconds without a turn after which a session is forgotten; 900 by default, as for AgentCore Runtime. */
  readonly idleTtlSeconds?: number;
  /** Greatest age of a session, in seconds; 28 800 by default. */
  readonly maxSeconds?: number;
  /** A file that keeps the sessions over a restart. Without it they are in memory. */
  readonly sessionsFile?: string;
  /** What StopRuntimeSession waits for; nothing by default. */
  readonly beforeStop?: () => Promise<void>;
}

/** An emulator of AgentCore's harnesses. Its endpoint is for `AWS_ENDPOINT_URL_BEDROCK_AGENTCORE`. */
export interface HarnessEmulator extends AgentEmulator<EmulatedHarnessInvocation> {
  /** The calls of StopRuntimeSession, oldest first. Those for unknown sessions count too. */
  readonly stops: readonly StoppedSession[];
}

/** Starts the emulator. */
export async function startHarnessEmulator(options: HarnessEmulatorOptions = {}): Promise<HarnessEmulator> {
  const { idleTtlSeconds = 900, maxSeconds = 28_800, now = Date.now, chunkBytes = 24, sessionsFile } = options;
  const sessions = new EmulatedSessions({ idleTtlSeconds, maxSeconds, now, file: sessionsFile });
  const stops: StoppedSession[] = [];
  /** The sessions that run, also those without a complete turn. */
  const running = new Set<string>();

  function stop(stopped: StoppedSession, response: ServerResponse): void {
    const { sessionId } = stopped;
    stops.push(stopped);
    const isKnown = running.delete(sessionId) || sessions.prompts(sessionId).length > 0;
    sessions.end(sessionId);
    if (!isKnown) throw new RefusedRequestError(404, 'ResourceNotFoundException', 'No such session');
    response.writeHead(200, {
      'content-type': 'application/json',
      'x-amzn-bedrock-agentcore-runtime-session-id': sessionId,
    });
    response.end('{}');
  }

  function reply({ sessionId, prompt, conversationHistory = [] }: EmulatedHarnessInvocation, isComplete: boolean) {
    const earlier = [...sessions.prompts(sessionId), ...listPrompts(conversationHistory)];
    if (isComplete) sessions.append(sessionId, [...conversationHistory, prompt]);
    const chunks = splitReply(composeReply(prompt, earlier), chunkBytes).map(({ bytes }) => bytes);
    return { chunks, inputBytes: Buffer.byteLength([...earlier, prompt].join('')) } satisfies MessageReply;
  }

  function toConversation({ sessionId, prompt, conversationHistory = [] }: EmulatedHarnessInvocation): Conversation {
    return { messages: [...sessions.messages(sessionId), ...conversationHistory, { role: 'user', text: prompt }] };
  }

  const server = await startAgentServer<EmulatedHarnessInvocation, never>(
    {
      read: async (request, response) => {
        const call = await readHarnessRequest(request);
        if ('stop' in call) {
          await options.beforeStop?.();
          stop(call.stop, response);
          return undefined;
        }
        running.add(call.sessionId);
        return call;
      },
      toFrames: (invocation, isComplete) => toMessageFrames(reply(invocation, isComplete)),
      toConversation,
      endReply: (invocation, text, end) => {
        const { messages } = toConversation(invocation);
        const { sessionId, prompt, conversationHistory = [] } = invocation;
        sessions.append(sessionId, [...conversationHistory, prompt, { role: 'assistant', text }]);
        const inputBytes = Buffer.byteLength(messages.map((message) => message.text).join(''));
        return toMessageFrames({ chunks: [text], inputBytes, ...end }).closing;
      },
    },
    options,
  );
  // Its getters would be lost in a copy.
  return Object.assign(server, { stops });
}
