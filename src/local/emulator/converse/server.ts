import {
  type AgentEmulator,
  type AgentEmulatorOptions,
  type EmulatedService,
  startAgentServer,
} from '../agent-server.js';
import { composeReply, splitReply } from '../reply.js';
import { listPrompts } from '../reply-source.js';
import { type CitationChunk, toConverseFrames } from './frames.js';
import { type ConverseInvocation, readInvocation } from './invocation.js';

/** An emulator of the Bedrock runtime. Its endpoint is for `AWS_ENDPOINT_URL_BEDROCK_RUNTIME`. */
export type ConverseEmulator = AgentEmulator<ConverseInvocation, CitationChunk>;

/** A guardrail of the emulator blocks every conversation in which the user has said this. */
export const BLOCKED = '[[blocked]]';
const BLOCKED_MESSAGE = 'Sorry, the model cannot answer this question.';

/** Starts the emulator of ConverseStream. It has no sessions: it knows what the messages of a request say. */
export function startConverseEmulator(options: AgentEmulatorOptions = {}): Promise<ConverseEmulator> {
  const { chunkBytes = 24 } = options;
  const service: EmulatedService<ConverseInvocation, CitationChunk> = {
    read: readInvocation,
    toFrames: (invocation) => {
      const inputBytes = countInputBytes(invocation);
      if (isBlocked(invocation)) {
        return toConverseFrames({ chunks: [BLOCKED_MESSAGE], inputBytes: 0, stopReason: 'guardrail_intervened' });
      }
      const reply = composeReply(invocation.prompt, listPrompts(invocation.conversationHistory ?? []));
      return toConverseFrames({ chunks: splitReply(reply, chunkBytes).map(({ bytes }) => bytes), inputBytes });
    },
    toConversation: (invocation) => {
      const { prompt, conversationHistory = [], systemPrompt, maxTokens } = invocation;
      if (isBlocked(invocation)) return undefined;
      return { messages: [...conversationHistory, { role: 'user', text: prompt }], systemPrompt, maxTokens };
    },
    endReply: (invocation, reply, end) =>
      toConverseFrames({ chunks: [reply], inputBytes: countInputBytes(invocation), ...end }).closing,
  };
  return startAgentServer(service, options);
}

function isBlocked({ guardrail, prompt, conversationHistory = [] }: ConverseInvocation): boolean {
  return guardrail !== undefined && [prompt, ...listPrompts(conversationHistory)].join('\n').includes(BLOCKED);
}

function countInputBytes({ prompt, conversationHistory = [], systemPrompt = '' }: ConverseInvocation): number {
  const texts = [systemPrompt, ...conversationHistory.map(({ text }) => text), prompt];
  return texts.reduce((bytes, text) => bytes + Buffer.byteLength(text), 0);
}
