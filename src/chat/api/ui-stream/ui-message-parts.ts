import { basename, extname } from 'node:path/posix';
import type { Citation, EndReason, TokenUsage } from '../../model/chat.js';
import type { ChatSummaryBody } from '../dto/chat-response.js';

/** A reply has one text; its parts share this id. */
const TEXT_ID = 'answer';
/** Media types by file extension. */
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.csv': 'text/csv',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.htm': 'text/html',
  '.html': 'text/html',
  '.json': 'application/json',
  '.md': 'text/markdown',
  '.pdf': 'application/pdf',
  '.txt': 'text/plain',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};
const UNKNOWN_MEDIA_TYPE = 'application/octet-stream';

interface ChatMetadata {
  readonly chat: ChatSummaryBody;
  /** On `finish`, if the agent counts its tokens; named as the AI SDK names them. */
  readonly usage?: TokenUsage & { readonly totalTokens: number };
}

interface StartMetadata extends ChatMetadata {
  /** The id of the prompt. A page shows it under an id of its own until the chat is loaded again. */
  readonly user_message_id: string;
}

/** The fields of a citation that the protocol does not have. The AI SDK passes them on unchanged. */
interface CitationMetadata {
  readonly citation: Omit<Citation, 'title'>;
}

/**
 * The parts of the AI SDK's UI message stream that this service sends. The AI SDK from 5.0.100 on accepts all of their
 * fields. AI SDK 5 refuses a part with an unknown field, so there are no others.
 */
export type StreamPart =
  | { readonly type: 'start'; readonly messageId: string; readonly messageMetadata: StartMetadata }
  | { readonly type: 'text-start' | 'text-end'; readonly id: string }
  | { readonly type: 'text-delta'; readonly id: string; readonly delta: string }
  | {
      readonly type: 'source-url';
      readonly sourceId: string;
      readonly url: string;
      readonly title?: string;
      readonly providerMetadata?: CitationMetadata;
    }
  | {
      readonly type: 'source-document';
      readonly sourceId: string;
      readonly mediaType: string;
      readonly title: string;
      readonly filename?: string;
      readonly providerMetadata?: CitationMetadata;
    }
  | { readonly type: 'error'; readonly errorText: string }
  | { readonly type: 'abort' }
  | { readonly type: 'finish'; readonly finishReason: EndReason | 'error'; readonly messageMetadata?: ChatMetadata };

export const textStart: StreamPart = { type: 'text-start', id: TEXT_ID };
export const textEnd: StreamPart = { type: 'text-end', id: TEXT_ID };

export function textDelta(delta: string): StreamPart {
  return { type: 'text-delta', id: TEXT_ID, delta };
}

export function toUsageMetadata({ inputTokens, outputTokens }: TokenUsage): NonNullable<ChatMetadata['usage']> {
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

/**
 * Turns a citation into a source: an http(s) URI into a URL, anything else into a document.
 *
 * @param number - position of the citation in its reply, from 1.
 */
export function toSourcePart(citation: Citation, number: number): StreamPart {
  const { title, ...rest } = citation;
  const sourceId = `source-${number}`;
  const metadata = Object.keys(rest).length > 0 && { providerMetadata: { citation: rest } };
  const { uri } = citation;
  if (uri !== undefined && /^https?:\/\//i.test(uri)) {
    return { type: 'source-url', sourceId, url: uri, ...(title !== undefined && { title }), ...metadata };
  }
  const filename = basename(uri ?? '');
  return {
    type: 'source-document',
    sourceId,
    mediaType: MEDIA_TYPES[extname(filename).toLowerCase()] ?? UNKNOWN_MEDIA_TYPE,
    title: title ?? (filename || `Source ${number}`),
    ...(filename && { filename }),
    ...metadata,
  };
}
