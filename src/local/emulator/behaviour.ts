/**
 * What an emulated agent does on one invocation. `afterChunks` is the number of chunks of the ordinary reply that come
 * first. It is 1 by default; 0 means right after the response headers.
 *
 * `Chunk` is the form in which a service writes chunks that are more than text.
 */
export type EmulatedBehaviour<Chunk = never> =
  /** The ordinary reply. `paceMs` is the pause before each chunk, by default the emulator's. */
  | { readonly type: 'reply'; readonly paceMs?: number }
  /** An HTTP error instead of a stream; `exception` as in the API, such as `ThrottlingException`. */
  | { readonly type: 'http-error'; readonly status: number; readonly exception: string; readonly message?: string }
  /** An HTTP error of a gateway, whose body is HTML. */
  | { readonly type: 'html-error'; readonly status: number }
  /** An exception event inside the stream, which then ends. */
  | {
      readonly type: 'stream-exception';
      readonly exception: string;
      readonly message?: string;
      readonly afterChunks?: number;
    }
  /** The connection closes before any byte of a response. */
  | { readonly type: 'hang-up' }
  /** The connection closes inside the stream. */
  | { readonly type: 'torn'; readonly afterChunks?: number }
  /** Nothing more comes, and the connection stays open. */
  | { readonly type: 'silence'; readonly afterChunks?: number }
  /** A frame with a wrong checksum; the stream then ends. */
  | { readonly type: 'corrupt-frame'; readonly afterChunks?: number }
  /** A stream that ends without any event. */
  | { readonly type: 'empty' }
  /** Only these chunks. A string is one chunk; bytes may end inside a character. */
  | {
      readonly type: 'chunks';
      readonly chunks: readonly (string | Uint8Array | Chunk)[];
      readonly pauseMs?: number;
    }
  /** The ordinary reply, with nothing at all before so many milliseconds. */
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** The agent returns control to the caller, instead of a reply or after its first chunks. */
  | { readonly type: 'return-control'; readonly afterChunks?: number }
  | MessageBehaviour;

/** Behaviours of services whose replies are streams of messages. Other services say that they have no such fault. */
export type MessageBehaviour =
  /** The ordinary reply after so many rounds of tools, which all have messages, stops and usage of their own. */
  | { readonly type: 'tool-rounds'; readonly rounds: number }
  /** The reply ends for this reason, such as `max_tokens`. Without `afterChunks` the text is whole. */
  | { readonly type: 'stop-reason'; readonly reason: string; readonly afterChunks?: number }
  /** An exception in a frame of the type `event`, which the SDK yields instead of throwing it. */
  | { readonly type: 'exception-event'; readonly exception: string; readonly afterChunks?: number }
  /** The ordinary reply after a 👋. Each surrogate pair is split over two deltas. */
  | { readonly type: 'split-surrogates' }
  /** The ordinary reply, which then ends without a `messageStop`. */
  | { readonly type: 'no-stop' };
