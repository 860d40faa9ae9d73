import type { Template } from '../../../scripts/template/template.js';
import { documentedLines } from '../issuer-tokens.js';
import { configuration } from './environment.js';
import { functionsOf, variablesOf } from './functions.js';
import { AGENT, StackValues } from './values.js';

/**
 * Lists documented issuers whose variables make no stack as parameters, or make one without the keys of the issuer. A
 * stack with a random secret would refuse every token of an issuer.
 */
export function issuerProblems(template: Template): string[] {
  const variables = variablesOf(functionsOf(template)['ChatFunction']);
  const isAllowed = (parameters: Readonly<Record<string, string>>) =>
    new StackValues(template, { ...AGENT, ...parameters }).isAllowed();
  return [...documentedLines()].flatMap(([name, line]) => {
    const parameters = Object.fromEntries(Object.entries(line).map(([key, value]) => [toParameter(key), value]));
    const { JwtJwksUri: uri, ...others } = parameters;
    const found = configuration(template, variables, parameters);
    const hasKeys = typeof found === 'object' && uri !== undefined && found.JWT_JWKS_URI === uri;
    return [
      ...(isAllowed(parameters) && hasKeys && !found.JWT_SECRET_ARN ? [] : [`${name}: no stack with its keys`]),
      ...(isAllowed(others) ? [`${name}: a stack without its keys`] : []),
    ];
  });
}

/** The parameter of a variable: `JwtJwksUri` of `JWT_JWKS_URI`. */
function toParameter(variable: string): string {
  return variable.toLowerCase().replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
}
