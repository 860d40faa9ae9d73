import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, IsOptional, IsUrl, Length, Matches, validateSync } from 'class-validator';
import { findAgentProblems } from './environment-agent.js';
import { findKeyProblems } from './environment-keys.js';
import {
  IsAlgorithmList,
  IsAudienceList,
  IsBasePath,
  IsClaimList,
  IsHeaderList,
  IsLogLevel,
  IsOriginList,
  IsRequiredClaims,
  IsStrongSecret,
  IsSwitch,
  IsWholeNumber,
  type LogLevel,
  type RequirableClaim,
} from './environment-rules.js';
import { listMisspelt } from './misspelt-variables.js';
import type { SigningAlgorithm } from './signing-algorithms.js';

const ENDPOINT = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

/**
 * Every variable that the service reads, with its rule and its default. {@link loadEnvironment} creates one instance per
 * app. Modules get their part of it as settings.
 *
 * `AWS_ACCESS_KEY_ID` and the other credentials are missing on purpose: the SDK finds them itself.
 */
export class Environment {
  /** The Bedrock agent. Without any agent, outside production, an emulated agent replies. */
  @IsOptional()
  @Matches(/^[0-9a-zA-Z]{1,10}$/, { message: 'must be 1 to 10 letters and digits' })
  readonly AGENT_ID?: string;

  /** The alias of the Bedrock agent, which selects its version. */
  @IsOptional()
  @Matches(/^[0-9a-zA-Z]{1,10}$/, { message: 'must be 1 to 10 letters and digits' })
  readonly AGENT_ALIAS_ID?: string;

  /** The harness of Bedrock AgentCore, instead of a Bedrock agent. */
  @IsOptional()
  @Matches(/^arn:aws[a-z-]*:bedrock-agentcore:[a-z\d-]+:\d{12}:harness\/[\w-]+$/, {
    message: 'must be the ARN of a harness of Bedrock AgentCore',
  })
  readonly AGENT_HARNESS_ARN?: string;

  /** The endpoint of the harness; without it, its default endpoint. */
  @IsOptional()
  @Matches(/^[a-zA-Z]\w{0,47}$/, { message: 'must be 1 to 48 letters, digits and _, and begin with a letter' })
  readonly AGENT_QUALIFIER?: string;

  /** The model or inference profile of Bedrock, instead of an agent. */
  @IsOptional()
  @Matches(/^[\w.:/-]{1,2048}$/, { message: 'must be the id or ARN of a model or an inference profile' })
  readonly AGENT_MODEL_ID?: string;

  /** What the model is told before each turn. */
  @IsOptional()
  @Length(1, 100_000, { message: 'must be 1 to 100000 characters' })
  readonly AGENT_SYSTEM_PROMPT?: string;

  /** The most tokens of a reply of the model. */
  @IsOptional()
  @IsWholeNumber(1, 1_000_000)
  readonly AGENT_MAX_TOKENS?: number;

  /** The guardrail of the model: its id or ARN, in the region of the model. */
  @IsOptional()
  @Matches(/^[\w.:/-]{1,2048}$/, { message: 'must be the id or ARN of a guardrail' })
  readonly AGENT_GUARDRAIL_ID?: string;

  /** The version of the guardrail. */
  @IsOptional()
  @Matches(/^([1-9]\d{0,7}|DRAFT)$/, { message: 'must be a number or DRAFT' })
  readonly AGENT_GUARDRAIL_VERSION?: string;

  /** The claims that a Bedrock agent gets with each turn as session attributes, separated by commas. */
  @IsOptional()
  @IsClaimList()
  readonly AGENT_SESSION_CLAIMS?: readonly string[];

  /** Milliseconds after which a turn ends with 504. Without it 25000, and 290000 for a stream. */
  @IsOptional()
  @IsWholeNumber(1000, 900_000)
  readonly AGENT_TIMEOUT_MS?: number;

  /** Seconds without a turn after which the agent forgets a session. Without it 600, and 900 for a harness. */
  @IsOptional()
  @IsWholeNumber(60, 31_536_000)
  readonly AGENT_SESSION_TTL_SECONDS?: number;

  /** The table of chats. `npm run table` creates it. */
  @Matches(/^[a-zA-Z0-9_.-]{3,255}$/, { message: 'must be 3 to 255 of letters, digits, _ . -' })
  readonly DYNAMODB_TABLE: string = 'test-chat';

  /** The region of the table, and of the agent unless its ARN names another. */
  @Matches(/^[a-z]{2,}(-[a-z]+)+-\d+$/, { message: 'must be a region such as us-east-1' })
  readonly AWS_REGION: string = 'us-east-1';

  /** Another DynamoDB to talk to, such as DynamoDB Local. */
  @IsOptional()
  @IsUrl(ENDPOINT, { message: 'must be an http or https URL' })
  readonly AWS_ENDPOINT_URL_DYNAMODB?: string;

  /** Another Bedrock Agent Runtime to talk to, such as a VPC endpoint. */
  @IsOptional()
  @IsUrl(ENDPOINT, { message: 'must be an http or https URL' })
  readonly AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME?: string;

  /** Another Bedrock AgentCore to talk to, such as a VPC endpoint. */
  @IsOptional()
  @IsUrl(ENDPOINT, { message: 'must be an http or https URL' })
  readonly AWS_ENDPOINT_URL_BEDROCK_AGENTCORE?: string;

  /** Another Bedrock Runtime to talk to, such as a VPC endpoint. */
  @IsOptional()
  @IsUrl(ENDPOINT, { message: 'must be an http or https URL' })
  readonly AWS_ENDPOINT_URL_BEDROCK_RUNTIME?: string;

  /** Another Secrets Manager to talk to, such as a VPC endpoint. */
  @IsOptional()
  @IsUrl(ENDPOINT, { message: 'must be an http or https URL' })
  readonly AWS_ENDPOINT_URL_SECRETS_MANAGER?: string;

  /** The secret that signs the tokens: at least 32 bytes. What follows `base64:` is decoded first. */
  @IsOptional()
  @IsStrongSecret()
  readonly JWT_SECRET_KEY?: string;

  /** The secret of Secrets Manager that `resolveSecrets` reads at start into `JWT_SECRET_KEY`. */
  @IsOptional()
  @Matches(/^arn:aws[a-z-]*:secretsmanager:[a-z\d-]+:\d{12}:secret:[\w/+=.@-]+$/, {
    message: 'must be the ARN of a secret of Secrets Manager',
  })
  readonly JWT_SECRET_ARN?: string;

  /** The algorithms of tokens, separated by commas. Without it HS256 with a secret, else RS256 and ES256. */
  @IsOptional()
  @IsAlgorithmList()
  readonly JWT_ALGORITHM?: readonly SigningAlgorithm[];

  /**
   * The URL of the issuer's key set: https, or http on this machine. Without it and without a secret it is
   * `<JWT_ISSUER>/.well-known/jwks.json`.
   */
  @IsOptional()
  @Length(1, 2048, { message: 'must be 1 to 2048 characters' })
  readonly JWT_JWKS_URI?: string;

  /** What `iss` must be; unset allows any. Required without a secret. */
  @IsOptional()
  @Length(1, 2048, { message: 'must be 1 to 2048 characters' })
  readonly JWT_ISSUER?: string;

  /** What `aud` must be or contain, separated by commas; unset allows any. Required without a secret. */
  @IsOptional()
  @IsAudienceList()
  readonly JWT_AUDIENCE?: readonly string[];

  /** `false` only behind a proxy that verifies the token. */
  @IsSwitch()
  readonly JWT_VERIFY_SIGNATURE: boolean = true;

  /** The claim of the user id. Without it `sub`, or `username` of a token without `sub`. */
  @IsOptional()
  @Length(1, 128, { message: 'must be 1 to 128 characters' })
  readonly JWT_USER_ID_CLAIM?: string;

  /** The claim of the user name. `cognito:username` serves as `username`. */
  @Length(1, 128, { message: 'must be 1 to 128 characters' })
  readonly JWT_USERNAME_CLAIM: string = 'username';

  /** The claim of the user's address. */
  @Length(1, 128, { message: 'must be 1 to 128 characters' })
  readonly JWT_EMAIL_CLAIM: string = 'email';

  /** Which of `email` and `username` a token must have. */
  @IsRequiredClaims()
  readonly JWT_REQUIRED_CLAIMS: readonly RequirableClaim[] = ['email', 'username'];

  /** The longest prompt, in characters (Unicode code points). */
  @IsWholeNumber(1, 100_000)
  readonly PROMPT_MAX_LENGTH: number = 32_000;

  /** The most messages of a chat in one response. */
  @IsWholeNumber(2, 1000)
  readonly CHAT_HISTORY_LIMIT: number = 100;

  /** Days after its last turn that a chat is kept with its turns; 0 keeps them for ever. */
  @IsWholeNumber(0, 36_500)
  readonly CHAT_TTL_DAYS: number = 0;

  /** The origins whose pages may call the service, separated by commas. Without it, none may. */
  @IsOptional()
  @IsOriginList()
  readonly CORS_ORIGINS?: readonly string[];

  /** Request headers that these pages may send beside those that the service reads, separated by commas. */
  @IsOptional()
  @IsHeaderList()
  readonly CORS_HEADERS?: readonly string[];

  /** What the paths of requests begin with, such as `/api`. A path without it is served too. */
  @IsOptional()
  @IsBasePath()
  readonly BASE_PATH?: string;

  /** The most turns that a user may begin within a minute of the clock (UTC); 0 is no limit. */
  @IsWholeNumber(0, 1000)
  readonly TURNS_PER_MINUTE: number = 20;

  /** The most turns that a user may begin within a day (UTC); 0 is no limit. */
  @IsWholeNumber(0, 1_000_000)
  readonly TURNS_PER_DAY: number = 0;

  /** The most turns of a user that run at the same time; 0 is no limit. */
  @IsWholeNumber(0, 1000)
  readonly TURNS_AT_ONCE: number = 5;

  /** The port of the server; 0 takes a free one. Not used on Lambda. */
  @IsWholeNumber(0, 65_535)
  readonly PORT: number = 3000;

  /** The address the server listens on. Not used on Lambda. */
  @Length(1, 253, { message: 'must be 1 to 253 characters' })
  readonly HOST: string = '127.0.0.1';

  /** Seconds that the server keeps a connection without a request. Not used on Lambda. */
  @IsWholeNumber(1, 86_400)
  readonly KEEP_ALIVE_SECONDS: number = 75;

  /** Whether the server shows the document of its API at `/openapi.json` and `/docs`. Local mode always does. */
  @IsSwitch()
  readonly API_DOCS: boolean = false;

  /** Whether the server has the page at `/`. Local mode always has. */
  @IsSwitch()
  readonly PLAYGROUND: boolean = false;

  /** The folder of the embedded table and the dev key. Local mode only. */
  @Length(1, 4096, { message: 'must be 1 to 4096 characters' })
  readonly DATA_DIR: string = '.data';

  /** The least severe log line that is written. */
  @IsLogLevel()
  readonly LOG_LEVEL: LogLevel = 'log';
}

/** The names of all variables, in the order of their declaration. */
export function variableNames(): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(Environment, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

/**
 * Lists variables that look like misspelt ones of the service, one line for each.
 *
 * @param others - names that are read beside the variables of {@link Environment}.
 */
export function findMisspelt(raw: RawEnvironment, others: readonly string[] = []): string[] {
  const names = Object.keys(raw).filter((name) => raw[name]?.trim());
  return listMisspelt(names, [...variableNames(), ...others]);
}

/** The configuration is not valid. The message names every wrong variable and shows no value. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(['The configuration is not valid:', ...problems.map((problem) => `  ${problem}`)].join('\n'));
  }
}

/** The raw variables, as in `process.env`. An empty variable counts as absent. */
export type RawEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Validates the variables once and freezes the result.
 *
 * @throws ConfigurationError with all problems.
 */
export function loadEnvironment(raw: RawEnvironment): Environment {
  const given = variableNames().filter((name) => raw[name]?.trim());
  const environment = plainToInstance(Environment, Object.fromEntries(given.map((name) => [name, raw[name]])), {
    exposeDefaultValues: true,
  });
  const problems = validateSync(environment).map(({ property, constraints, value }) =>
    value === undefined ? `${property} is required` : `${property} ${Object.values(constraints ?? {}).at(-1)}`,
  );
  problems.push(...findAgentProblems(environment), ...findKeyProblems(environment));
  // A variable that is missing may be there under a wrong name.
  if (problems.length > 0) throw new ConfigurationError([...problems, ...findMisspelt(raw)]);
  return Object.freeze(environment);
}
