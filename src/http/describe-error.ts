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
  const frames = error.stack?.split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...(typeof code === 'string' && { code }),
    ...(aws?.httpStatusCode !== undefined && { status: aws.httpStatusCode }),
    ...(aws?.requestId !== undefined && { awsRequestId: aws.requestId }),
    ...(frames && { at: frames.slice(0, STACK_FRAMES).map((line) => line.trim()) }),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}
