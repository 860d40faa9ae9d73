import type { Template } from '../../../scripts/template/template.js';
import { APPLICATION_PROFILE, HARNESS_ARN } from './agent-stacks.js';
import { configuration, loadOrProblem } from './environment.js';
import { functionsOf, variablesOf } from './functions.js';
import { StackValues } from './values.js';

/** The parameters that choose the agent, with a value and the variable that they set. */
const PARAMETERS: Readonly<Record<string, readonly [variable: string, value: string]>> = {
  AgentId: ['AGENT_ID', 'AGENT'],
  HarnessArn: ['AGENT_HARNESS_ARN', HARNESS_ARN],
  ModelId: ['AGENT_MODEL_ID', 'amazon.nova-lite-v1:0'],
  AgentAliasId: ['AGENT_ALIAS_ID', 'ALIAS'],
  AgentSessionClaims: ['AGENT_SESSION_CLAIMS', 'email,custom:tenant'],
  HarnessQualifier: ['AGENT_QUALIFIER', 'live'],
  SystemPrompt: ['AGENT_SYSTEM_PROMPT', 'Be brief.'],
  MaxTokens: ['AGENT_MAX_TOKENS', '500'],
  GuardrailId: ['AGENT_GUARDRAIL_ID', 'abc123'],
  GuardrailVersion: ['AGENT_GUARDRAIL_VERSION', 'DRAFT'],
};

/** Choices of agents that the rules allow and the service refuses, the reverse, and values in the wrong variable. */
export function agentProblems(template: Template): string[] {
  const variables = variablesOf(functionsOf(template)['ChatFunction']);
  const common = { DYNAMODB_TABLE: 'ChatTable', JWT_SECRET_KEY: 'kV7pQ2xZ9rT4mN8sL1cW6yB3uH5gD0fJ' };
  return choices().flatMap((names) => {
    const chosen = names.map((name) => [name, PARAMETERS[name] ?? ['', '']] as const);
    const parameters = Object.fromEntries(chosen.map(([name, [, value]]) => [name, value]));
    const own = loadOrProblem({
      ...common,
      ...Object.fromEntries(chosen.map(([, [variable, value]]) => [variable, value])),
    });
    const isAllowed = new StackValues(template, parameters).isAllowed();
    if (typeof own === 'string') return isAllowed ? [`allowed: ${names.join()}`] : [];
    if (!isAllowed) return [`refused: ${names.join()}`];
    const given = configuration(template, variables, {}, parameters);
    return agentOf(given) === agentOf(own) ? [] : [`${names.join()}: ${agentOf(given)}`];
  });
}

/** Any of the three agents with at most two other parameters. */
function choices(): string[][] {
  const [first = '', second = '', third = '', ...others] = Object.keys(PARAMETERS);
  const agents = [[], [first], [second], [third], [first, second], [second, third], [first, third, second]];
  const pairs = others.flatMap((one, index) => others.slice(index + 1).map((two) => [one, two]));
  return agents.flatMap((agent) => [[], ...others.map((one) => [one]), ...pairs].map((more) => [...agent, ...more]));
}

function agentOf(environment: object | string): string {
  if (typeof environment === 'string') return environment;
  const agent = Object.entries(environment).filter(
    ([name, value]) => name.startsWith('AGENT_') && name !== 'AGENT_TIMEOUT_MS' && value !== undefined,
  );
  return agent.map(([name, value]) => `${name}=${String(value)}`).join(' ');
}

/** Values of parameters with a pattern, and whether they are any good. */
const VALUES: Readonly<Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>> = {
  AgentId: { good: ['', 'ABCDEFGHIJ'], bad: ['ABCDEFGHIJK', 'AB-CD'] },
  AgentAliasId: { good: ['', 'TSTALIASID'], bad: ['TSTALIASID1', 'a b'] },
  AgentSessionClaims: { good: ['', 'email,custom:tenant,https://example.com/tenant'], bad: ['email,', 'a b', '*'] },
  HarnessArn: {
    good: ['', HARNESS_ARN, HARNESS_ARN.replace(':aws:', ':aws-us-gov:')],
    bad: ['chat', `${HARNESS_ARN}/harness-endpoint/DEFAULT`, HARNESS_ARN.replace('harness/', 'runtime/')],
  },
  HarnessQualifier: { good: ['', 'DEFAULT', 'live_2'], bad: ['2live', 'live-2'] },
  ModelId: {
    good: ['', 'amazon.nova-lite-v1:0', 'global.anthropic.claude-sonnet-4-6', APPLICATION_PROFILE],
    bad: ['a model', 'model?'],
  },
  MaxTokens: { good: ['', '1', '1000000'], bad: ['0', '1000001', '1e3'] },
  GuardrailId: { good: ['', 'abc123'], bad: ['a guardrail', 'abc*'] },
  GuardrailVersion: { good: ['', '1', '12345678', 'DRAFT'], bad: ['0', 'draft', '123456789'] },
  AgentSessionTtlSeconds: { good: ['', '60', '600', '29999999'], bad: ['59', '0', '1.5', '99999999'] },
};

/** Values that the template takes and the service refuses, and the reverse. */
export function agentValueProblems(template: Template): string[] {
  const variables = variablesOf(functionsOf(template)['ChatFunction']);
  return Object.entries(VALUES).flatMap(([parameter, { good, bad }]) => {
    const pattern = new RegExp(template.Parameters[parameter]?.AllowedPattern ?? '^(?!)');
    const variable = PARAMETERS[parameter]?.[0] ?? 'AGENT_SESSION_TTL_SECONDS';
    // Without the rest of the agent the service refuses everything. Only problems of this variable count.
    const isTaken = (value: string) =>
      !String(configuration(template, variables, { [parameter]: value }, {})).includes(`${variable} must be`);
    const wrong = (values: readonly string[], isGood: boolean) =>
      values.filter((value) => pattern.test(value) !== isGood || isTaken(value) !== isGood);
    return [...wrong(good, true), ...wrong(bad, false)].map((value) => `${parameter}: ${value}`);
  });
}
