import { ConfigurationError, loadEnvironment, type RawEnvironment } from '../../src/config/environment.js';

/** What loading these variables finds wrong, one line for each problem; empty if they are valid. */
export function findProblems(variables: RawEnvironment): readonly string[] {
  try {
    loadEnvironment(variables);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}
