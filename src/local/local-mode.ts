import { Environment } from '../config/environment.js';

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Whether the service runs with an emulated agent: no agent is configured and nothing says that this is production.
 * An alias without its agent is a mistake, which the configuration's own check reports.
 */
export function wantsLocalMode(variables: Variables): boolean {
  const isSet = (name: string) => Boolean(variables[name]?.trim());
  if (isSet('AGENT_ID') || isSet('AGENT_ALIAS_ID')) return false;
  return variables['NODE_ENV'] !== 'production' && !isSet('AWS_LAMBDA_FUNCTION_NAME');
}

/** The folder of the embedded table and the dev key, before the configuration as a whole has been read. */
export function resolveDataDir(variables: Variables): string {
  return variables['DATA_DIR']?.trim() || new Environment().DATA_DIR;
}

/**
 * Credentials for the emulated services, which ask for a signature and accept any. Empty where the environment has
 * its own.
 */
export function dummyCredentials(variables: Variables): Readonly<Record<string, string>> {
  if (variables['AWS_ACCESS_KEY_ID'] || variables['AWS_PROFILE']) return {};
  return { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
}

/** Local mode cannot start, for a reason outside of the program; the message says all. */
export class LocalModeError extends Error {
  override readonly name = 'LocalModeError';
}

/** An error of a network call in one line; a refused connection has no message of its own, only a code. */
export function toOneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return [error.name, error.message || code].filter(Boolean).join(': ').replace(/\s+/g, ' ');
}
