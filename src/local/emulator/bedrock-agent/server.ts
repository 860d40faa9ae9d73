import {
  type AgentEmulator,
  type AgentEmulatorOptions,
  type EmulatedService,
  startAgentServer,
} from '../agent-server.js';
import { composeReply, type ReplyChunk, splitReply, toSingleChunk } from '../reply.js';
import { listPrompts } from '../reply-source.js';
import { EmulatedSessions } from '../sessions.js';
import { toUnknownFault } from '../steps.js';
import { buildChunkFrame, buildReplyFrame, RETURN_CONTROL_FRAME, type WireChunk } from './frames.js';
import { type EmulatedInvocation, readInvocation } from './invocation.js';

export interface BedrockAgentEmulatorOptions extends AgentEmulatorOptions {
  /** Seconds without a turn after which a session is forgotten; 600 by default, as for a new Bedrock agent. */
  readonly idleTtlSeconds?: number;
  /** A file that keeps the sessions over a restart. Without it they are in memory. */
  readonly sessionsFile?: string;
}

/** An emulator of the Bedrock agent runtime. Its endpoint is for `AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME`. */
export type BedrockAgentEmulator = AgentEmulator<EmulatedInvocation, WireChunk>;

/** Starts the emulator. */
export function startBedrockAgentEmulator(options: BedrockAgentEmulatorOptions = {}): Promise<BedrockAgentEmulator> {
  const { idleTtlSeconds = 600, now = Date.now, chunkBytes = 24, sessionsFile } = options;
  const sessions = new EmulatedSessions({ idleTtlSeconds, now, file: sessionsFile });

  function composeChunks(invocation: EmulatedInvocation, isComplete: boolean): ReplyChunk[] {
    const { sessionId, prompt, conversationHistory = [], endSession, streamFinalResponse } = invocation;
    const earlier = [...sessions.prompts(sessionId), ...listPrompts(conversationHistory)];
    if (isComplete) sessions.append(sessionId, [...conversationHistory, prompt]);
    if (endSession) sessions.end(sessionId);
    if (prompt === '') return [];
    const whole = composeReply(prompt, earlier);
    return streamFinalResponse ? splitReply(whole, chunkBytes) : [toSingleChunk(whole)];
  }

  const service: EmulatedService<EmulatedInvocation, WireChunk> = {
    read: async (request) => {
      const invocation = await readInvocation(request);
      const { sessionId, sessionAttributes } = invocation;
      return { ...invocation, knownAttributes: sessions.addAttributes(sessionId, sessionAttributes) };
    },
    toHeaders: ({ sessionId }) => ({
      'x-amzn-bedrock-agent-content-type': 'application/json',
      'x-amz-bedrock-agent-session-id': sessionId,
    }),
    toFrames: (invocation, isComplete) => ({
      opening: [],
      chunks: composeChunks(invocation, isComplete).map(buildReplyFrame),
      closing: [],
      encode: (chunks) => chunks.map(buildChunkFrame),
      returnControl: [RETURN_CONTROL_FRAME],
      encodeMessages: (behaviour) => [buildChunkFrame(toUnknownFault(behaviour))],
    }),
    toConversation: ({ sessionId, prompt, conversationHistory = [], endSession }) =>
      endSession
        ? undefined
        : { messages: [...sessions.messages(sessionId), ...conversationHistory, { role: 'user', text: prompt }] },
    endReply: ({ sessionId, prompt, conversationHistory = [] }, reply) => {
      sessions.append(sessionId, [...conversationHistory, prompt, { role: 'assistant', text: reply }]);
      return [];
    },
  };
  return startAgentServer(service, options);
}
