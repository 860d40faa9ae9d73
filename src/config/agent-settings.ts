import { findArnRegion, toResourceName } from './arn.js';
import type { Environment } from './environment.js';

/** An agent of Amazon Bedrock Agents ("Agents Classic"). */
export interface BedrockAgentTarget {
  readonly kind: 'bedrock-agent';
  readonly agentId: string;
  readonly agentAliasId: string;
  /** The URL of another Bedrock Agent Runtime. */
  readonly endpoint: string | undefined;
}

/** A harness of Amazon Bedrock AgentCore. */
export interface HarnessTarget {
  readonly kind: 'harness';
  readonly harnessArn: string;
  /** The name of the harness endpoint; undefined is its default endpoint. */
  readonly qualifier: string | undefined;
  /** The URL of another AgentCore. */
  readonly endpoint: string | undefined;
}

/** A model of Amazon Bedrock, without an agent. */
export interface ConverseTarget {
  readonly kind: 'converse';
  /** The id of a model, or the id or ARN of an inference profile. */
  readonly modelId: string;
  readonly systemPrompt: string | undefined;
  readonly maxTokens: number | undefined;
  readonly guardrail: { readonly id: string; readonly version: string } | undefined;
  /** The URL of another Bedrock Runtime. */
  readonly endpoint: string | undefined;
}

export type AgentTarget = BedrockAgentTarget | HarnessTarget | ConverseTarget;

/** The agent, and how long it may take. */
export class AgentSettings {
  /** The region of the harness or the model if an ARN names it, else AWS_REGION. */
  readonly region: string;
  readonly target: AgentTarget;
  /** Milliseconds that a turn may take; undefined uses the default of the kind of response. */
  readonly timeoutMilliseconds: number | undefined;
  /** Seconds without a turn after which the agent forgets a session; undefined uses the default of the agent. */
  readonly sessionTtlSeconds: number | undefined;

  constructor(environment: Environment) {
    const arnRegion = findArnRegion(environment.AGENT_HARNESS_ARN ?? environment.AGENT_MODEL_ID);
    this.region = arnRegion ?? environment.AWS_REGION;
    this.target = toTarget(environment);
    this.timeoutMilliseconds = environment.AGENT_TIMEOUT_MS;
    this.sessionTtlSeconds = environment.AGENT_SESSION_TTL_SECONDS;
  }
}

/** Names the agent in a line for people, without account numbers. */
export function describeAgent({ region, target }: AgentSettings): string {
  switch (target.kind) {
    case 'bedrock-agent':
      return `the Bedrock agent ${target.agentId} (alias ${target.agentAliasId}) in ${region}`;
    case 'harness': {
      const endpoint = target.qualifier === undefined ? '' : ` (endpoint ${target.qualifier})`;
      return `the harness ${toResourceName(target.harnessArn)}${endpoint} in ${region}`;
    }
    case 'converse':
      return `the model ${toResourceName(target.modelId)} in ${region}`;
    default:
      return target satisfies never;
  }
}

/** The one agent that is configured. The configuration's own check refuses several, and half an agent. */
function toTarget(environment: Environment): AgentTarget {
  if (environment.AGENT_HARNESS_ARN !== undefined) {
    return {
      kind: 'harness',
      harnessArn: environment.AGENT_HARNESS_ARN,
      qualifier: environment.AGENT_QUALIFIER,
      endpoint: environment.AWS_ENDPOINT_URL_BEDROCK_AGENTCORE,
    };
  }
  if (environment.AGENT_MODEL_ID !== undefined) return toConverseTarget(environment, environment.AGENT_MODEL_ID);
  return {
    kind: 'bedrock-agent',
    agentId: environment.AGENT_ID ?? '',
    agentAliasId: environment.AGENT_ALIAS_ID ?? '',
    endpoint: environment.AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME,
  };
}

function toConverseTarget(environment: Environment, modelId: string): ConverseTarget {
  const { AGENT_GUARDRAIL_ID: id, AGENT_GUARDRAIL_VERSION: version } = environment;
  return {
    kind: 'converse',
    modelId,
    systemPrompt: environment.AGENT_SYSTEM_PROMPT,
    maxTokens: environment.AGENT_MAX_TOKENS,
    guardrail: id === undefined || version === undefined ? undefined : { id, version },
    endpoint: environment.AWS_ENDPOINT_URL_BEDROCK_RUNTIME,
  };
}
