/** Why a call to the table failed, in fixed words: messages of AWS hold ARNs. */
export interface StorageFault {
  readonly reason: string;
  /** What the operator can do. */
  readonly advice: string;
  /**
   * What it means for a start. `end`: the configuration is wrong. `wait`: it may pass. `go on`: the table is there.
   */
  readonly start: 'end' | 'wait' | 'go on';
}

/** The faults by the name of the SDK's error or the code of Node's; the first that matches counts. */
const FAULTS: readonly (readonly [name: RegExp, fault: StorageFault])[] = [
  [
    /^ResourceNotFoundException$/,
    {
      reason: 'it does not exist',
      advice: 'check DYNAMODB_TABLE and AWS_REGION, or create it with npm run table',
      start: 'end',
    },
  ],
  [
    /^(Credentials|Token)ProviderError$/,
    {
      reason: 'there are no credentials',
      advice: 'give the process a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID',
      start: 'end',
    },
  ],
  [/^ExpiredToken/, { reason: 'the credentials have expired', advice: 'get new ones', start: 'end' }],
  [
    // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
    /^(UnrecognizedClient|InvalidSignature|IncompleteSignature|MissingAuthenticationToken|InvalidClientTokenId|OptInRequired)/,
    {
      reason: 'the credentials are refused',
      advice: 'check them, whether they are for AWS_REGION, and the clock of this machine',
      start: 'end',
    },
  ],
  [
    /^AccessDenied/,
    { reason: 'access is denied', advice: 'give the role the permissions in docs/configuration.md', start: 'end' },
  ],
  [
    /^ValidationException$/,
    { reason: 'its keys are not id and user_id', advice: 'name a table that npm run table has made', start: 'end' },
  ],
  [
    /^(ENOTFOUND|EAI_AGAIN)$/,
    {
      reason: 'its host is not known',
      advice: 'check AWS_REGION, AWS_ENDPOINT_URL_DYNAMODB and the network',
      start: 'wait',
    },
  ],
  [
    /^(Throttling|ProvisionedThroughputExceeded|RequestLimitExceeded)/,
    { reason: 'it throttles', advice: 'raise its limits', start: 'go on' },
  ],
  [
    /^(E[A-Z_]+|TimeoutError|AbortError)$/,
    {
      reason: 'it cannot be reached',
      advice: 'check AWS_ENDPOINT_URL_DYNAMODB, and the network or the VPC endpoint',
      start: 'wait',
    },
  ],
];
const FAILS: StorageFault = { reason: 'DynamoDB fails', advice: 'see the status of AWS', start: 'wait' };
const UNKNOWN: StorageFault = {
  reason: 'its server answers with an unknown error',
  advice: 'check whether AWS_ENDPOINT_URL_DYNAMODB leads to a DynamoDB',
  start: 'end',
};

/** Finds out what an error of the SDK means. */
export function findStorageFault(error: unknown): StorageFault {
  const { name, code, $metadata, $response } = (error ?? {}) as {
    readonly name?: unknown;
    readonly code?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
    /** The SDK adds it to what is no response of DynamoDB, such as HTML. */
    readonly $response?: { readonly statusCode?: number };
  };
  const names = [code, name].filter((text) => typeof text === 'string');
  const [, fault] = FAULTS.find(([pattern]) => names.some((text) => pattern.test(text))) ?? [];
  const status = $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
  return fault ?? (status >= 500 ? FAILS : UNKNOWN);
}
