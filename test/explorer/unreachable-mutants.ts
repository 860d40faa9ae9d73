import type { Mutant } from './mutants.js';

/** Mutants that no schedule can notice, and why. */
export const NOT_REACHABLE: readonly (Mutant & { readonly why: string })[] = [];
