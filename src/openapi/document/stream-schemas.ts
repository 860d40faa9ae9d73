import type { StreamPart } from '../../chat/api/ui-stream/ui-message-parts.js';
import type { EndReason } from '../../chat/model/chat.js';
import { toSseEvent } from '../../http/sse/sse-writer.js';
import { object, oneOf, optional, type Schema, schemaRef, text, wholeNumber } from './schema.js';

type Kind = StreamPart['type'];
type Part<Name extends Kind> = StreamPart & { readonly type: Name };
type StartMetadata = Part<'start'>['messageMetadata'];
type Metadata = NonNullable<Part<'finish'>['messageMetadata']>;
type SourceMetadata = NonNullable<Part<'source-url'>['providerMetadata']>;

const textId = text('All text of a reply has the same id');
const sourceId = text('Unique within the reply');
const source = optional(schemaRef('SourceMetadata'));

/** The events of a stream, by their kind. The compiler refuses a kind that is missing. */
const PARTS: { readonly [Name in Kind]: Schema } = {
  start: object<Part<'start'>>('The turn has begun', {
    type: { const: 'start' },
    messageId: text('The id of the reply'),
    messageMetadata: schemaRef('StartMetadata'),
  }),
  'text-start': object<Part<'text-start'>>('The text begins', { type: { const: 'text-start' }, id: textId }),
  'text-delta': object<Part<'text-delta'>>('A piece of the text. All pieces together are the stored reply', {
    type: { const: 'text-delta' },
    id: textId,
    delta: text('The piece'),
  }),
  'text-end': object<Part<'text-end'>>('The text ends', { type: { const: 'text-end' }, id: textId }),
  'source-url': object<Part<'source-url'>>('A source with an address', {
    type: { const: 'source-url' },
    sourceId,
    url: text('An http or https address'),
    title: optional(text('The title of the source')),
    providerMetadata: source,
  }),
  'source-document': object<Part<'source-document'>>('Any other source', {
    type: { const: 'source-document' },
    sourceId,
    mediaType: text('The media type, guessed from the name of the file'),
    title: text('The title of the source, or a name for it'),
    filename: optional(text('The name of the file')),
    providerMetadata: source,
  }),
  error: object<Part<'error'>>('The turn has failed. Only `finish` follows', {
    type: { const: 'error' },
    errorText: text('One of the texts that `error` has in the responses of this route'),
  }),
  abort: object<Part<'abort'>>('A user has stopped the turn. Only `finish` follows', { type: { const: 'abort' } }),
  finish: object<Part<'finish'>>('The reply is stored, or the turn has failed', {
    type: { const: 'finish' },
    finishReason: oneOf<EndReason | 'error'>('Why the reply ended', {
      stop: 'the reply is complete',
      length: 'the agent has reached a limit; the message is stored as `partial`',
      'content-filter': 'a filter has ended the reply',
      other: 'the agent has ended the reply early, or a user has stopped it; the message is `partial` or `stopped`',
      error: 'the turn has failed',
    }),
    messageMetadata: optional(schemaRef('StreamMetadata')),
  }),
};

/** `text-delta` becomes `TextDeltaPart`. */
function toName(kind: string): string {
  const words = kind.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${words.join('')}Part`;
}

/** The parts of streams, by their names in `components.schemas`. */
export const STREAM_SCHEMAS: Readonly<Record<string, Schema>> = {
  StreamPart: {
    description: 'The data of one event, as JSON: a part of the UI message stream of the AI SDK',
    oneOf: Object.keys(PARTS).map((kind) => schemaRef(toName(kind))),
  },
  ...Object.fromEntries(Object.entries(PARTS).map(([kind, schema]) => [toName(kind), schema])),
  StartMetadata: object<StartMetadata>('What the service adds to the message when the turn begins', {
    chat: schemaRef('ChatSummary'),
    usage: optional(schemaRef('StreamUsage')),
    user_message_id: text('The id of the prompt'),
  }),
  StreamMetadata: object<Metadata>('What the service adds to the message', {
    chat: schemaRef('ChatSummary'),
    usage: optional(schemaRef('StreamUsage')),
  }),
  StreamUsage: object<NonNullable<Metadata['usage']>>('On `finish`, if the agent counts tokens', {
    inputTokens: wholeNumber('Tokens that the model read'),
    outputTokens: wholeNumber('Tokens that the model wrote'),
    totalTokens: wholeNumber('Both together'),
  }),
  SourceMetadata: object<SourceMetadata>('What the protocol has no field for', {
    citation: schemaRef('SourceCitation'),
  }),
  SourceCitation: object<SourceMetadata['citation']>('A citation without its title', {
    uri: optional(text('Where the source is: http, https or s3')),
    snippet: optional(text('The beginning of the text that was used')),
    start: optional(wholeNumber('The first character of the reply that rests on this source')),
    end: optional(wholeNumber('The character after the last one')),
  }),
};

/** The body of the stream: text, whose events have {@link STREAM_SCHEMAS} in their data. */
export const EVENT_STREAM: Schema = {
  ...text(
    'Server-sent events without names. The data of each is one `StreamPart`, the data of the last is `[DONE]`. ' +
      'A comment comes every 15 s while the agent is silent.',
  ),
  contentMediaType: 'text/event-stream',
  contentSchema: schemaRef('StreamPart'),
};

const CHAT = {
  id: 'b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11',
  user_id: 'demo',
  title: 'Plan a weekend in Lisbon',
  created_at: '2026-11-26T09:00:00.000Z',
  updated_at: '2026-11-26T09:00:00.000Z',
};
const PARTS_OF_EXAMPLE: readonly StreamPart[] = [
  { type: 'start', messageId: `${CHAT.id}:1`, messageMetadata: { chat: CHAT, user_message_id: `${CHAT.id}:1:user` } },
  { type: 'text-start', id: 'answer' },
  { type: 'text-delta', id: 'answer', delta: 'Spend the first day in Alfama.' },
  { type: 'text-end', id: 'answer' },
  { type: 'finish', finishReason: 'stop', messageMetadata: { chat: CHAT } },
];

/** A short reply as it is sent. */
export const STREAM_EXAMPLE = [...PARTS_OF_EXAMPLE.map((each) => JSON.stringify(each)), '[DONE]']
  .map(toSseEvent)
  .join('');
