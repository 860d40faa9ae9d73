import { findKeySetUrl } from './environment-keys.js';
import type { Environment } from './environment.js';
import type { SigningAlgorithm } from './signing-algorithms.js';
import { toSecretBytes } from './signing-secret.js';

/** The table of chats, and how long its items are kept. */
export class TableSettings {
  readonly region: string;
  /** The URL of another DynamoDB. */
  readonly endpoint: string | undefined;
  readonly name: string;
  /** Days after its last turn that a chat is kept; 0 keeps it for ever. */
  readonly chatTtlDays: number;

  constructor(environment: Environment) {
    this.region = environment.AWS_REGION;
    this.endpoint = environment.AWS_ENDPOINT_URL_DYNAMODB;
    this.name = environment.DYNAMODB_TABLE;
    this.chatTtlDays = environment.CHAT_TTL_DAYS;
  }
}

/** Which tokens are accepted. */
export class AuthSettings {
  readonly verifiesSignature: boolean;
  /** The bytes that tokens are signed with. */
  readonly secret: Uint8Array | undefined;
  /** The algorithms of tokens: one with `secret`, at least one with `keySetUrl`. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** The URL of the issuer's key set; undefined with a secret, and if no signature is verified. */
  readonly keySetUrl: URL | undefined;
  /** What `iss` must be; undefined allows any. */
  readonly issuer: string | undefined;
  /** One of these must be in `aud`; undefined allows any. */
  readonly audiences: readonly string[] | undefined;
  /** The claim of the user id; undefined is `sub`, or `username` of a token without `sub`. */
  readonly userIdClaim: string | undefined;
  readonly usernameClaim: string;
  readonly emailClaim: string;
  readonly requiredClaims: Environment['JWT_REQUIRED_CLAIMS'];
  /** The claims that the agent gets with each turn. */
  readonly sessionClaims: readonly string[];

  constructor(environment: Environment) {
    this.verifiesSignature = environment.JWT_VERIFY_SIGNATURE;
    const { JWT_SECRET_KEY: secret } = environment;
    this.secret = secret === undefined ? undefined : toSecretBytes(secret);
    this.keySetUrl = findKeySetUrl(environment);
    this.algorithms = environment.JWT_ALGORITHM ?? (this.keySetUrl ? ['RS256', 'ES256'] : ['HS256']);
    this.issuer = environment.JWT_ISSUER;
    this.audiences = environment.JWT_AUDIENCE;
    this.userIdClaim = environment.JWT_USER_ID_CLAIM;
    this.usernameClaim = environment.JWT_USERNAME_CLAIM;
    this.emailClaim = environment.JWT_EMAIL_CLAIM;
    this.requiredClaims = environment.JWT_REQUIRED_CLAIMS;
    this.sessionClaims = environment.AGENT_SESSION_CLAIMS ?? [];
  }
}

/** How requests reach the service. */
export class HttpSettings {
  /** How long a connection without a request is kept, in milliseconds. */
  readonly keepAliveTimeout: number;
  /** What paths begin with, such as `/api`; undefined if nothing does, or if a gateway tells. */
  readonly basePath: string | undefined;
  /** The origins whose pages may call the service. */
  readonly corsOrigins: readonly string[];
  /** Headers that such pages may send beside those that the service reads; in lower case. */
  readonly corsHeaders: readonly string[];

  constructor(environment: Environment) {
    this.keepAliveTimeout = environment.KEEP_ALIVE_SECONDS * 1000;
    this.basePath = environment.BASE_PATH;
    this.corsOrigins = environment.CORS_ORIGINS ?? [];
    this.corsHeaders = (environment.CORS_HEADERS ?? []).map((name) => name.toLowerCase());
  }
}

/** How much a request may ask for. */
export class LimitSettings {
  /** Longest prompt, in Unicode code points. */
  readonly promptMaxLength: number;
  /** Most messages of a chat in one response. */
  readonly historyLimit: number;

  constructor(environment: Environment) {
    this.promptMaxLength = environment.PROMPT_MAX_LENGTH;
    this.historyLimit = environment.CHAT_HISTORY_LIMIT;
  }
}

/** How many turns a user may begin; 0 is no limit. */
export class QuotaSettings {
  /** Within a minute of the clock (UTC). */
  readonly turnsPerMinute: number;
  /** Within a day (UTC). */
  readonly turnsPerDay: number;

  constructor(environment: Environment) {
    this.turnsPerMinute = environment.TURNS_PER_MINUTE;
    this.turnsPerDay = environment.TURNS_PER_DAY;
  }
}
