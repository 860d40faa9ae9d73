import { findArnRegion } from './arn.js';

/** The variables of `Environment` that choose the agent. */
interface AgentVariables {
  readonly AWS_REGION: string;
  readonly AGENT_ID?: string | undefined;
  readonly AGENT_ALIAS_ID?: string | undefined;
  readonly AGENT_HARNESS_ARN?: string | undefined;
  readonly AGENT_QUALIFIER?: string | undefined;
  readonly AGENT_MODEL_ID?: string | undefined;
  readonly AGENT_SYSTEM_PROMPT?: string | undefined;
  readonly AGENT_MAX_TOKENS?: number | undefined;
  readonly AGENT_GUARDRAIL_ID?: string | undefined;
  readonly AGENT_GUARDRAIL_VERSION?: string | undefined;
  readonly AGENT_SESSION_CLAIMS?: readonly string[] | undefined;
  readonly AGENT_SESSION_TTL_SECONDS?: number | undefined;
}

type Name = Exclude<keyof AgentVariables, 'AWS_REGION'>;

/** The variables that name an agent. Exactly one of them is set. */
export const AGENTS = ['AGENT_ID', 'AGENT_HARNESS_ARN', 'AGENT_MODEL_ID'] as const;
/** Variables that belong to one kind of agent, and the variable that chooses it. */
const OWNERS: readonly (readonly [Name, Name])[] = [
  ['AGENT_ALIAS_ID', 'AGENT_ID'],
  ['AGENT_SESSION_CLAIMS', 'AGENT_ID'],
  ['AGENT_QUALIFIER', 'AGENT_HARNESS_ARN'],
  ['AGENT_SYSTEM_PROMPT', 'AGENT_MODEL_ID'],
  ['AGENT_MAX_TOKENS', 'AGENT_MODEL_ID'],
  ['AGENT_GUARDRAIL_ID', 'AGENT_MODEL_ID'],
  ['AGENT_GUARDRAIL_VERSION', 'AGENT_MODEL_ID'],
];
/** Variables that make no sense without each other. */
const PAIRS: readonly (readonly [Name, Name])[] = [
  ['AGENT_ID', 'AGENT_ALIAS_ID'],
  ['AGENT_GUARDRAIL_ID', 'AGENT_GUARDRAIL_VERSION'],
  ['AGENT_GUARDRAIL_VERSION', 'AGENT_GUARDRAIL_ID'],
];
/** Longest idle session time of a Bedrock agent, in seconds (API reference of CreateAgent). */
const BEDROCK_AGENT_MAX_TTL = 5400;

/** Lists what is wrong with the choice of the agent: none, several, half of one, or a setting it has no place for. */
export function findAgentProblems(variables: AgentVariables): string[] {
  const isSet = (name: Name) => variables[name] !== undefined;
  const [agent, ...others] = AGENTS.filter(isSet);
  if (agent === undefined) {
    const problems = OWNERS.filter(([name]) => isSet(name)).map(([name, owner]) => `${owner} is required with ${name}`);
    return problems.length > 0 ? problems : ['AGENT_ID is required, or AGENT_HARNESS_ARN, or AGENT_MODEL_ID'];
  }
  const problems = others.map((other) => `${other} must not be set with ${agent}`);
  for (const [name, owner] of OWNERS) {
    if (isSet(name) && !isSet(owner)) problems.push(`${name} must not be set with ${agent}`);
  }
  for (const [name, partner] of PAIRS) {
    if (isSet(name) && !isSet(partner)) problems.push(`${partner} is required with ${name}`);
  }
  if (agent === 'AGENT_ID' && (variables.AGENT_SESSION_TTL_SECONDS ?? 0) > BEDROCK_AGENT_MAX_TTL) {
    problems.push(`AGENT_SESSION_TTL_SECONDS must be at most ${BEDROCK_AGENT_MAX_TTL} with AGENT_ID`);
  }
  if (agent === 'AGENT_MODEL_ID') problems.push(...findGuardrailProblems(variables));
  return problems;
}

/** A guardrail exists in one region, and the model is called in the region of its ARN, or else in AWS_REGION. */
function findGuardrailProblems({ AWS_REGION, AGENT_MODEL_ID, AGENT_GUARDRAIL_ID }: AgentVariables): string[] {
  const modelRegion = findArnRegion(AGENT_MODEL_ID);
  const guardrailRegion = findArnRegion(AGENT_GUARDRAIL_ID);
  if (guardrailRegion === undefined || guardrailRegion === (modelRegion ?? AWS_REGION)) return [];
  return [`AGENT_GUARDRAIL_ID must be in the region of ${modelRegion === undefined ? 'AWS_REGION' : 'AGENT_MODEL_ID'}`];
}

/** A setting of another agent, and the variable that chooses that agent; undefined if there is none. */
export function findForeignSetting(
  isSet: (name: string) => boolean,
  agent: (typeof AGENTS)[number],
): { readonly name: string; readonly owner: string } | undefined {
  const foreign = OWNERS.find(([name, owner]) => isSet(name) && owner !== agent);
  return foreign && { name: foreign[0], owner: foreign[1] };
}

/** The variables with a stand-in for the agent, for commands that need none. */
export function withoutAgent(variables: Readonly<Record<string, string | undefined>>) {
  const others = Object.entries(variables).filter(([name]) => !name.startsWith('AGENT_'));
  return { ...Object.fromEntries(others), AGENT_ID: 'NONE', AGENT_ALIAS_ID: 'NONE' };
}
