import { describe, expect, it } from '@jest/globals';
import { findProblems } from '../../test/support/environment-problems.js';

describe('the agent', () => {
  const KEY = { JWT_VERIFY_SIGNATURE: 'false' };
  const CLASSIC = { AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS' };
  const HARNESS = { AGENT_HARNESS_ARN: 'arn:aws:bedrock-agentcore:us-east-1:123456789012:harness/chat-AbCdEf1234' };
  const MODEL = { AGENT_MODEL_ID: 'us.anthropic.claude-sonnet-4-20250514-v1:0' };

  const PROFILE_ARN = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123';
  const GUARDRAIL_ARN = 'arn:aws:bedrock:us-east-1:123456789012:guardrail/g1';

  it.each<[Record<string, string>, string[]]>([
    [{}, ['AGENT_ID is required, or AGENT_HARNESS_ARN, or AGENT_MODEL_ID']],
    [{ AGENT_ALIAS_ID: 'ALIAS' }, ['AGENT_ID is required with AGENT_ALIAS_ID']],
    [{ AGENT_QUALIFIER: 'live' }, ['AGENT_HARNESS_ARN is required with AGENT_QUALIFIER']],
    [{ AGENT_SYSTEM_PROMPT: 'Be brief.' }, ['AGENT_MODEL_ID is required with AGENT_SYSTEM_PROMPT']],
    [{ AGENT_ID: 'AGENT' }, ['AGENT_ALIAS_ID is required with AGENT_ID']],
    [{ ...CLASSIC, ...MODEL }, ['AGENT_MODEL_ID must not be set with AGENT_ID']],
    [{ ...HARNESS, ...MODEL }, ['AGENT_MODEL_ID must not be set with AGENT_HARNESS_ARN']],
    [{ ...CLASSIC, AGENT_QUALIFIER: 'live' }, ['AGENT_QUALIFIER must not be set with AGENT_ID']],
    [{ ...HARNESS, AGENT_MAX_TOKENS: '100' }, ['AGENT_MAX_TOKENS must not be set with AGENT_HARNESS_ARN']],
    [{ ...HARNESS, AGENT_SESSION_CLAIMS: 'email' }, ['AGENT_SESSION_CLAIMS must not be set with AGENT_HARNESS_ARN']],
    [{ ...MODEL, AGENT_SESSION_CLAIMS: 'email' }, ['AGENT_SESSION_CLAIMS must not be set with AGENT_MODEL_ID']],
    [{ ...MODEL, AGENT_GUARDRAIL_ID: 'g1' }, ['AGENT_GUARDRAIL_VERSION is required with AGENT_GUARDRAIL_ID']],
    [{ ...MODEL, AGENT_GUARDRAIL_VERSION: '1' }, ['AGENT_GUARDRAIL_ID is required with AGENT_GUARDRAIL_VERSION']],
    [
      { ...MODEL, AGENT_GUARDRAIL_ID: GUARDRAIL_ARN, AGENT_GUARDRAIL_VERSION: '1', AWS_REGION: 'us-west-2' },
      ['AGENT_GUARDRAIL_ID must be in the region of AWS_REGION'],
    ],
    [
      { AGENT_MODEL_ID: PROFILE_ARN, AGENT_GUARDRAIL_ID: GUARDRAIL_ARN, AGENT_GUARDRAIL_VERSION: '1' },
      ['AGENT_GUARDRAIL_ID must be in the region of AGENT_MODEL_ID'],
    ],
    [
      { ...CLASSIC, AGENT_SESSION_TTL_SECONDS: '5401' },
      ['AGENT_SESSION_TTL_SECONDS must be at most 5400 with AGENT_ID'],
    ],
    [{ AGENT_HARNESS_ARN: 'chat' }, ['AGENT_HARNESS_ARN must be the ARN of a harness of Bedrock AgentCore']],
    [
      { ...CLASSIC, AGENT_SESSION_CLAIMS: 'email,,' },
      ['AGENT_SESSION_CLAIMS must be names of claims separated by commas'],
    ],
  ])('%o is refused: %j', (variables, problems) => {
    expect(findProblems({ ...KEY, ...variables })).toEqual(problems);
  });

  it.each([
    { ...CLASSIC, AGENT_SESSION_CLAIMS: 'email, custom:tenant, https://example.com/tenant' },
    { ...HARNESS, AGENT_QUALIFIER: 'live', AGENT_SESSION_TTL_SECONDS: '31536000' },
    { ...MODEL, AGENT_SYSTEM_PROMPT: 'Be brief.', AGENT_MAX_TOKENS: '500' },
    { ...MODEL, AGENT_GUARDRAIL_ID: 'g1', AGENT_GUARDRAIL_VERSION: 'DRAFT' },
    { ...MODEL, AGENT_GUARDRAIL_ID: GUARDRAIL_ARN, AGENT_GUARDRAIL_VERSION: '1' },
    { ...HARNESS, AWS_REGION: 'eu-central-1' },
    { AGENT_MODEL_ID: PROFILE_ARN, AGENT_GUARDRAIL_ID: 'g1', AGENT_GUARDRAIL_VERSION: '1' },
  ])('%o is accepted', (variables) => {
    expect(findProblems({ ...KEY, ...variables })).toEqual([]);
  });
});
