import {
  type AgentEmulator,
  type AgentEmulatorOptions,
  type EmulatedService,
  startAgentServer,
} from '../agent-server.js';
import { composeReply, type ReplyChunk, splitReply, toSingleChunk } from '../reply.js';
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
  const { idleTtlSeconds = 600, now = Date.now, chunkBytes = 24, paceMs, sessionsFile } = options;
  const sessions = new EmulatedSessions({ idleTtlSeconds, now, file: sessionsFile });

  function reply(invocation: EmulatedInvocation, isComplete: boolean): ReplyChunk[] {
    const { sessionId, prompt, conversationHistory = [], endSession, streamFinalResponse } = invocation;
    const sent = conversationHistory.filter(({ role }) => role === 'user').map(({ text }) => text);
    const earlier = [...sessions.prompts(sessionId), ...sent];
    if (isComplete) sessions.append(sessionId, [...sent, prompt]);
    if (endSession) sessions.end(sessionId);
    if (prompt === '') return [];
    const whole = composeReply(prompt, earlier);
    return streamFinalResponse ? splitReply(whole, chunkBytes) : [toSingleChunk(whole)];
  }

  const service: EmulatedService<EmulatedInvocation, WireChunk> = {
    read: readInvocation,
    toHeaders: ({ sessionId }) => ({
      'x-amzn-bedrock-agent-content-type': 'application/json',
      'x-amz-bedrock-agent-session-id': sessionId,
    }),
    toFrames: (invocation, isComplete) => ({
      opening: [],
      chunks: reply(invocation, isComplete).map(buildReplyFrame),
      closing: [],
      encode: (chunks) => chunks.map(buildChunkFrame),
      returnControl: [RETURN_CONTROL_FRAME],
      encodeMessages: (behaviour) => [buildChunkFrame(toUnknownFault(behaviour))],
    }),
  };
  return startAgentServer(service, paceMs);
}
