import { type Environment, loadEnvironment, type RawEnvironment } from './environment.js';
import { withoutAgent } from './environment-agent.js';

/** Loads the variables of the table, for what needs neither an agent nor a key. @throws ConfigurationError */
export function loadTableEnvironment(variables: RawEnvironment): Environment {
  const noKey = { JWT_SECRET_KEY: '', JWT_SECRET_ARN: '', JWT_JWKS_URI: '', JWT_VERIFY_SIGNATURE: 'false' };
  return loadEnvironment({ ...withoutAgent(variables), ...noKey });
}
