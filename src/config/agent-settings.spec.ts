import { describe, expect, it } from '@jest/globals';
import { AgentSettings, describeAgent } from './agent-settings.js';
import { loadEnvironment } from './environment.js';

const ACCOUNT = '123456789012';
const toSettings = (variables: Record<string, string>) =>
  new AgentSettings(loadEnvironment({ JWT_VERIFY_SIGNATURE: 'false', AWS_REGION: 'us-west-2', ...variables }));

describe('AgentSettings', () => {
  it.each<[Record<string, string>, string, string]>([
    [{ AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' }, 'us-west-2', 'the Bedrock agent AGENT (alias ALIAS)'],
    [
      { AGENT_HARNESS_ARN: `arn:aws:bedrock-agentcore:eu-central-1:${ACCOUNT}:harness/chat-AbCdEf1234` },
      'eu-central-1',
      'the harness chat-AbCdEf1234',
    ],
    [
      {
        AGENT_HARNESS_ARN: `arn:aws-us-gov:bedrock-agentcore:us-gov-west-1:${ACCOUNT}:harness/chat-AbCdEf1234`,
        AGENT_QUALIFIER: 'live',
      },
      'us-gov-west-1',
      'the harness chat-AbCdEf1234 (endpoint live)',
    ],
    [{ AGENT_MODEL_ID: 'us.amazon.nova-lite-v1:0' }, 'us-west-2', 'the model us.amazon.nova-lite-v1:0'],
    [
      {
        AGENT_MODEL_ID: `arn:aws:bedrock:eu-west-1:${ACCOUNT}:application-inference-profile/abc123`,
        AGENT_SYSTEM_PROMPT: 'A secret',
      },
      'eu-west-1',
      'the model abc123',
    ],
  ])('has the region of the ARN, else AWS_REGION, and a name for logs: %j', (variables, region, name) => {
    const settings = toSettings(variables);
    expect(settings.region).toBe(region);
    expect(describeAgent(settings)).toBe(`${name} in ${region}`);
  });
});
