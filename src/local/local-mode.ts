import { AGENTS } from '../config/environment-agent.js';
import { Environment } from '../config/environment.js';

type Variables = Readonly<Record<string, string | undefined>>;

/** The variables that local mode alone reads, beside the variables of the service. */
export const LOCAL_VARIABLES = [
  'LOCAL_AGENT',
  'LOCAL_AGENT_URL',
  'LOCAL_AGENT_MODEL',
  'LOCAL_AGENT_KEY',
  'LOCAL_AGENT_PACE_MS',
];

/**
 * Whether to emulate the agent: no agent is configured, and this is neither production nor Lambda.
 * An alias without an agent is a mistake, which the check of the configuration reports.
 */
export function wantsLocalMode(variables: Variables): boolean {
  const isSet = (name: string) => Boolean(variables[name]?.trim());
  if ([...AGENTS, 'AGENT_ALIAS_ID'].some(isSet)) return false;
  return variables['NODE_ENV'] !== 'production' && !isSet('AWS_LAMBDA_FUNCTION_NAME');
}

/** Returns `DATA_DIR` or its default. Local mode needs it before the whole configuration is read. */
export function resolveDataDir(variables: Variables): string {
  return variables['DATA_DIR']?.trim() || new Environment().DATA_DIR;
}

/**
 * Returns credentials for the emulators, which accept any signature. Empty if the environment has credentials.
 */
export function dummyCredentials(variables: Variables): Readonly<Record<string, string>> {
  if (variables['AWS_ACCESS_KEY_ID'] || variables['AWS_PROFILE']) return {};
  return { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
}

/** Local mode cannot start, and the operator can fix it. The message is complete in itself. */
export class LocalModeError extends Error {
  override readonly name = 'LocalModeError';
}

/** Describes an error in one line. A refused connection has no message, only a code. */
export function toOneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return [error.name, error.message || code].filter(Boolean).join(': ').replace(/\s+/g, ' ');
}
