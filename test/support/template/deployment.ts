import type { Resource, Template } from '../../../scripts/template/template.js';
import { differences } from './checks.js';
import { functionsOf, SWEEP_FUNCTION } from './functions.js';
import { AGENT, arn, asMap, namesIn, StackValues, valuesAt } from './values.js';

const TRUST = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }],
};
/** The configuration's shortest secret, in bytes. */
const SECRET_MIN_BYTES = 32;

/** Lists problems around the functions: roles, permissions, log, secret, API, rules. */
export function deploymentProblems(template: Template): string[] {
  return [
    ...roleProblems(template),
    ...wayInProblems(template),
    ...functionProblems(template),
    ...concurrencyProblems(template),
    ...secretProblems(template),
    ...apiProblems(template),
    ...ruleProblems(template),
  ];
}

function roleProblems(template: Template): string[] {
  return differences(
    ofType(template, 'AWS::IAM::Role').map(([, { Properties }]) =>
      JSON.stringify(Properties['AssumeRolePolicyDocument']),
    ),
    [JSON.stringify(TRUST)],
  );
}

/** Lists permissions and URLs for other functions than the streaming one. `streamProblems` checks that one. */
function wayInProblems(template: Template): string[] {
  return Object.entries(template.Resources)
    .filter(([, { Type, Properties }]) => {
      return /^AWS::Lambda::(Url|Permission)$/.test(Type) && !namesIn(Properties).includes('ChatStreamFunction');
    })
    .map(([name]) => `${name} is a way in that nobody looks at`);
}

function functionProblems(template: Template): string[] {
  const retention = template.Resources['ChatLogGroup']?.Properties['RetentionInDays'];
  return [
    ...Object.entries(functionsOf(template)).flatMap(([name, { LoggingConfig }]) => [
      ...(namesIn(LoggingConfig).includes('ChatLogGroup') ? [] : [`${name} has a log that its role may not write`]),
      ...(template.Resources[name]?.Metadata?.['SkipBuild'] === true ? [] : [`${name} is built again by sam`]),
    ]),
    ...(namesIn(retention).includes('LogRetentionDays') ? [] : ['the log is kept for ever']),
  ];
}

/** Lists functions that reserve anything by default, or not what the parameter says. */
function concurrencyProblems(template: Template): string[] {
  return Object.entries(functionsOf(template)).flatMap(([name, { ReservedConcurrentExecutions: reserved }]) =>
    ['', '50'].flatMap((ReservedConcurrency) => {
      const stack = new StackValues(template, { ...AGENT, ReservedConcurrency });
      const found = stack.of({ reserved: reserved ?? null });
      const isReserved = ReservedConcurrency !== '' && name !== SWEEP_FUNCTION;
      const expected = isReserved ? { reserved: ReservedConcurrency } : {};
      return differences([JSON.stringify(found)], [JSON.stringify(expected)]).map((problem) => `${name}: ${problem}`);
    }),
  );
}

function secretProblems(template: Template): string[] {
  return ofType(template, 'AWS::SecretsManager::Secret').flatMap(
    ([name, { DeletionPolicy, UpdateReplacePolicy, Properties }]) => [
      ...(DeletionPolicy === 'Retain' && UpdateReplacePolicy === 'Retain' ? [] : [`${name} is not retained`]),
      ...(Number(valuesAt(Properties, 'GenerateSecretString.PasswordLength')[0]) >= SECRET_MIN_BYTES
        ? []
        : [`${name} is too short`]),
    ],
  );
}

function apiProblems(template: Template): string[] {
  const { EndpointConfiguration, AlwaysDeploy, Auth } = asMap(template.Resources['ChatApi']?.Properties);
  const url = new StackValues(template).of(asMap(template.Outputs['ApiUrl'])['Value']);
  return [
    // An edge-optimized API ends silent streams after 30 s.
    ...(asMap(EndpointConfiguration)['Type'] === 'REGIONAL' ? [] : ['the API is not regional']),
    ...(AlwaysDeploy === true ? [] : ['a parameter of the API alone is not deployed']),
    // Without it `sam deploy --guided` asks about every route.
    ...differences([JSON.stringify(Auth)], ['{"ApiKeyRequired":false}']),
    ...differences([String(url)], ['https://ChatApi.execute-api.us-east-1.amazonaws.com/v1']),
  ];
}

/** The configuration accepts a key set only with an issuer and an audience, and without a secret. */
function ruleProblems(template: Template): string[] {
  const keys = { JwtJwksUri: 'https://issuer.example/keys', JwtIssuer: 'https://issuer.example', JwtAudience: 'app' };
  const stacks: readonly (readonly [parameters: object, isAllowed: boolean])[] = [
    [keys, true],
    [{ ...keys, JwtIssuer: '' }, false],
    [{ ...keys, JwtAudience: '' }, false],
    [{ ...keys, JwtSecretArn: arn('secretsmanager', 'secret:old-AbCdEf') }, false],
  ];
  return stacks.flatMap(([parameters, isAllowed]) => {
    const stack = new StackValues(template, { ...AGENT, ...parameters });
    return stack.isAllowed() === isAllowed ? [] : [`keys by URL: ${JSON.stringify(parameters)}`];
  });
}

function ofType(template: Template, type: string): (readonly [string, Resource])[] {
  return Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
}
