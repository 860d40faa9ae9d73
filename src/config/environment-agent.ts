/** The variables of `Environment` that choose the agent. */
interface AgentVariables {
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

type Name = keyof AgentVariables;

/** The variables that name an agent. Exactly one of them is set. */
const AGENTS = ['AGENT_ID', 'AGENT_HARNESS_ARN', 'AGENT_MODEL_ID'] as const;
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
  if (agent === undefined) return ['AGENT_ID is required, or AGENT_HARNESS_ARN, or AGENT_MODEL_ID'];
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
  return problems;
}

/** The variables with a stand-in for the agent, for commands that need none. */
export function withoutAgent(variables: Readonly<Record<string, string | undefined>>) {
  const others = Object.entries(variables).filter(([name]) => !name.startsWith('AGENT_'));
  return { ...Object.fromEntries(others), AGENT_ID: 'NONE', AGENT_ALIAS_ID: 'NONE' };
}
