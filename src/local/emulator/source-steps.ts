import { AgentFault } from './agent-fault.js';
import { buildExceptionFrame } from './event-stream.js';
import { type ReplyFrames, type Step, writeAll } from './steps.js';

interface SourceStepOptions<Chunk> {
  readonly frames: ReplyFrames<Chunk>;
  /** Ends the turn. @returns the frames after the reply. */
  readonly toEnd: (reply: string) => readonly Uint8Array[];
  /** The pause before each text. */
  readonly paceMs: number;
}

/**
 * Lists the steps of a reply that comes from a source, as its texts come. A fault after the first text is an exception
 * inside the stream.
 *
 * @throws AgentFault before the first text.
 */
export async function* toSourceSteps<Chunk>(
  texts: AsyncIterable<string>,
  { frames, toEnd, paceMs }: SourceStepOptions<Chunk>,
): AsyncGenerator<Step> {
  let reply = '';
  try {
    for await (const text of texts) {
      if (reply === '') yield* writeAll(frames.opening, 0);
      yield* writeAll(frames.encode([text]), paceMs);
      reply += text;
    }
  } catch (error) {
    if (!(error instanceof AgentFault) || reply === '') throw error;
    yield { write: buildExceptionFrame(error.exception, error.message) };
    return;
  }
  if (reply === '') yield* writeAll(frames.opening, 0);
  yield* writeAll(toEnd(reply), 0);
}
