import type { LocalAgentPlan } from './local-agent.js';

/** What only local mode gives to the page. */
export interface LocalPage {
  /** Which agent replies. */
  readonly agent: string;
  /** Prompts that the agent knows something about. */
  readonly suggestions: readonly string[];
  /** Faults that the agent has on demand: their names, and the directives that cause them. */
  readonly faults: readonly { readonly name: string; readonly directive: string }[];
  /** Signs a token for the user of local mode; undefined if the page has to ask for one. */
  createToken(): string | undefined;
}

const SUGGESTIONS = ['Plan a weekend in Lisbon', 'How are chats stored?', 'When does an agent forget a session?'];

/** Some of docs/faults.md, by what a person sees of them. */
const FAULTS = [
  { name: 'Break off in the middle', directive: 'torn after=9' },
  { name: 'Fail before the first word', directive: 'http-error' },
  { name: 'Be too busy, for all attempts', directive: 'http-error status=429 exception=ThrottlingException times=9' },
  { name: 'Be too busy, but only once', directive: 'http-error status=429 exception=ThrottlingException' },
  { name: 'Fall silent, until you stop it', directive: 'silence after=9' },
  { name: 'Begin after five seconds', directive: 'delay ms=5000' },
  { name: 'Answer nothing', directive: 'empty' },
  { name: 'Answer 100 kB', directive: 'chunks bytes=100000 pause=400' },
];
/** Only agents whose replies are messages have it. */
const LIMIT_FAULT = { name: 'Reach a limit of the model', directive: 'stop-reason reason=max_tokens' };

/** Builds what the page is told of the agent. */
export function buildLocalPage(
  { name, endpoint }: Pick<LocalAgentPlan, 'name' | 'endpoint'>,
  createToken: LocalPage['createToken'],
): LocalPage {
  const faults = name === 'classic' ? FAULTS : [...FAULTS, LIMIT_FAULT];
  return {
    agent: endpoint ? `${endpoint.model ?? 'A model'} at ${endpoint.url.host}` : `An emulated agent (${name})`,
    suggestions: SUGGESTIONS,
    faults: faults.map((fault) => ({ name: fault.name, directive: `[[fault ${fault.directive}]]` })),
    createToken,
  };
}
