import { basename, extname } from 'node:path/posix';
import type { Citation } from '../../model/chat.js';
import type { ChatSummaryBody } from '../dto/chat-response.js';

/** Headers of an AI SDK UI message stream; the last one keeps nginx from holding it back. */
export const STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-vercel-ai-ui-message-stream': 'v1',
  'x-accel-buffering': 'no',
} as const;

/** A comment, which readers of events skip: it says that the connection lives. */
export const KEEP_ALIVE = ': keep-alive\n\n';
/** The last event of every stream. */
export const DONE = 'data: [DONE]\n\n';

/** An answer is one text; the parts of a text share its id. */
const TEXT_ID = 'answer';
/** Media types by the ending of a document's name; what is not here is called bytes. */
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

/** What a stream says of its chat. */
interface ChatMetadata {
  readonly chat: ChatSummaryBody;
}

/** What a citation has beside the fields of the protocol; the AI SDK hands it on as it is. */
interface CitationMetadata {
  readonly citation: Omit<Citation, 'title'>;
}

/**
 * The parts of the AI SDK's UI message stream that are sent here, with the fields that its versions from 5.0.100 on
 * accept. AI SDK 5 refuses a part with a field that it does not know, so there are no others.
 */
export type StreamPart =
  | { readonly type: 'start'; readonly messageId: string; readonly messageMetadata: ChatMetadata }
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
  | { readonly type: 'finish'; readonly finishReason: 'stop' | 'error'; readonly messageMetadata?: ChatMetadata };

/** A part as an event. JSON has no line breaks of its own, so one line holds it. */
export function eventOf(part: StreamPart): string {
  return `data: ${JSON.stringify(part)}\n\n`;
}

export const textStart: StreamPart = { type: 'text-start', id: TEXT_ID };
export const textEnd: StreamPart = { type: 'text-end', id: TEXT_ID };

export function textDelta(delta: string): StreamPart {
  return { type: 'text-delta', id: TEXT_ID, delta };
}

/**
 * A citation as a source: a page that a browser can open as its URL, anything else as a document.
 *
 * @param number - of the citation in its answer, from 1.
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
