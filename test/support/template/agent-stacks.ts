import type { AgentKind } from '../sdk-calls.js';
import { AGENT, arn } from './values.js';

/** The agent of a stack: its parameters, and the resources that it needs by action. */
export interface AgentStack {
  readonly kind: AgentKind;
  readonly parameters: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, readonly string[]>>;
}

/** The one wildcard of the template. Its statement has a condition, so that it allows calls through one profile only. */
export const MODELS_OF_PROFILE = 'arn:${AWS::Partition}:bedrock:*::foundation-model/*';

export const CLASSIC: AgentStack = {
  kind: 'bedrock-agent',
  parameters: AGENT,
  resources: { 'bedrock:InvokeAgent': [arn('bedrock', 'agent-alias/AGENT/ALIAS')] },
};
export const HARNESS_ARN = arn('bedrock-agentcore', 'harness/chat-AbCdEf1234');
/** In another region than the stack. */
const inOtherRegion = (name: string) => arn('bedrock', name).replace('us-east-1', 'eu-west-1');
export const APPLICATION_PROFILE = inOtherRegion('application-inference-profile/abc123');

const GUARDRAIL = { GuardrailId: 'abc123', GuardrailVersion: '1' };

/** A stack of each kind of agent, and of each form of its parameters. */
export const AGENT_STACKS: readonly AgentStack[] = [
  CLASSIC,
  harness('DEFAULT', {}),
  harness('live', { HarnessQualifier: 'live' }),
  model('eu.amazon.nova-lite-v1:0', arn('bedrock', 'inference-profile/eu.amazon.nova-lite-v1:0'), {
    models: ['arn:aws:bedrock:us-east-1::foundation-model/eu.amazon.nova-lite-v1:0'],
    parameters: GUARDRAIL,
    guardrails: [arn('bedrock', 'guardrail/abc123')],
  }),
  model(APPLICATION_PROFILE, APPLICATION_PROFILE, {
    parameters: GUARDRAIL,
    guardrails: [inOtherRegion('guardrail/abc123')],
  }),
];

function harness(endpoint: string, parameters: AgentStack['parameters']): AgentStack {
  const resources = [HARNESS_ARN, `${HARNESS_ARN}/harness-endpoint/${endpoint}`];
  return {
    kind: 'harness',
    parameters: { HarnessArn: HARNESS_ARN, ...parameters },
    resources: { 'bedrock-agentcore': resources },
  };
}

interface ModelOptions {
  readonly parameters?: AgentStack['parameters'];
  readonly models?: readonly string[];
  readonly guardrails?: readonly string[];
}

function model(
  ModelId: string,
  profile: string,
  { parameters, models = [], guardrails = [] }: ModelOptions,
): AgentStack {
  const condition = JSON.stringify({ StringEquals: { 'bedrock:InferenceProfileArn': profile } });
  return {
    kind: 'converse',
    parameters: { ModelId, ...parameters },
    resources: {
      'bedrock:InvokeModelWithResponseStream': [
        ...models,
        profile,
        `arn:aws:bedrock:*::foundation-model/* if ${condition}`,
      ],
      'bedrock:ApplyGuardrail': guardrails,
    },
  };
}
