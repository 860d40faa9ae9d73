/** An error as a log line may show it. */
export interface ErrorDescription {
  readonly name: string;
  readonly code?: string;
  /** Status of an AWS answer. */
  readonly status?: number;
  /** AWS's own id of the call, to quote to its support. */
  readonly awsRequestId?: string;
  /** Where it was thrown; the frames alone. */
  readonly at?: readonly string[];
  readonly cause?: ErrorDescription;
}

const STACK_FRAMES = 5;
/** What V8 and Node write before the message: a name, and sometimes a code. */
const STACK_NAME = /^[\w$.]*(?: \[\w+\])?(?:: )?/;

/**
 * Describes an error without its message: those of libraries quote what they choked on, which may be a prompt, an
 * answer or a token, and AWS's hold ARNs.
 */
export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { name: typeof error };
  const { code, $metadata: aws } = error as {
    code?: unknown;
    $metadata?: { httpStatusCode?: number; requestId?: string };
  };
  const frames = framesOf(error);
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(aws?.httpStatusCode !== undefined && { status: aws.httpStatusCode }),
    ...(aws?.requestId !== undefined && { awsRequestId: aws.requestId }),
    ...(frames && { at: frames }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/**
 * A stack begins with the message, whose lines may look like frames; what follows it are frames alone. Where something
 * else stands there, because the message was changed after the stack had been written, nobody knows where it ends.
 */
function framesOf({ stack = '', message }: Error): string[] | undefined {
  const start = (STACK_NAME.exec(stack)?.[0] ?? '').length + message.length;
  if (stack.slice(start - message.length, start + 1) !== `${message}\n`) return undefined;
  const lines = stack.slice(start + 1).split('\n', STACK_FRAMES);
  // What libraries have added to a stack is no frame any more.
  const end = lines.findIndex((line) => !/^ {4}at /.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.trim());
}
