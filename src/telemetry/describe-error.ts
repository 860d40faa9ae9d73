import { DomainError } from '../common/domain-error.js';
import { UnreadableItemError, type UnreadablePlace } from '../common/storage.errors.js';

/** An error as a log line may show it. */
export interface ErrorDescription {
  readonly name: string;
  readonly code?: string;
  /** Why, if the error is one of ours. */
  readonly reason?: string;
  /** The HTTP status of AWS's response. */
  readonly status?: number;
  /** AWS's id of the call, for its support. */
  readonly awsRequestId?: string;
  /** Where the table holds what cannot be read. */
  readonly item?: UnreadablePlace;
  /** The frames of the stack. */
  readonly at?: readonly string[];
  readonly cause?: ErrorDescription;
}

const MAX_FRAMES = 5;
/** What V8 and Node write before the message: the name, and sometimes a code. */
const STACK_NAME = /^[\w$.]*(?: \[\w+\])?(?:: )?/;

/**
 * Describes an error without its message. Messages of libraries quote their input, which may be a prompt, a reply or
 * a token; messages of AWS hold ARNs.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, $metadata: aws } = error as {
    code?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
  };
  const frames = parseFrames(error);
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(error instanceof DomainError && error.reason !== undefined && { reason: error.reason }),
    ...(aws?.httpStatusCode !== undefined && { status: aws.httpStatusCode }),
    ...(aws?.requestId !== undefined && { awsRequestId: aws.requestId }),
    ...(error instanceof UnreadableItemError && { item: error.item }),
    ...(frames && { at: frames }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/**
 * Reads the frames that follow the message in a stack. Lines of the message may look like frames.
 * If the message was changed after the stack was written, its end is unknown, so there are no frames.
 */
function parseFrames({ stack = '', message }: Error): string[] | undefined {
  const start = (STACK_NAME.exec(stack)?.[0] ?? '').length + message.length;
  if (stack.slice(start - message.length, start + 1) !== `${message}\n`) return undefined;
  const lines = stack.slice(start + 1).split('\n', MAX_FRAMES);
  // Libraries append other text to a stack.
  const end = lines.findIndex((line) => !/^ {4}at /.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.trim());
}
