import type { Template, Value } from '../../../scripts/template/template.js';
import { functionsOf } from './functions.js';
import { asMap, isList, StackValues, valuesAt } from './values.js';

const KEY_TYPES = ['HASH', 'RANGE'];
const INVOKE_MODES = ['BUFFERED', 'RESPONSE_STREAM'];
const AUTH_TYPES = ['AWS_IAM', 'NONE'];

/** The properties with a fixed set of values, by type and path. */
const ENUMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'AWS::Serverless::Function': {
    Runtime: ['nodejs20.x', 'nodejs22.x', 'nodejs24.x'],
    'Architectures.*': ['x86_64', 'arm64'],
    'LoggingConfig.LogFormat': ['JSON', 'Text'],
    'Events.*.Type': ['Api', 'Schedule'],
    'Events.*.Properties.Method': ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    'Events.*.Properties.ResponseTransferMode': INVOKE_MODES,
  },
  'AWS::Lambda::Url': {
    AuthType: AUTH_TYPES,
    InvokeMode: INVOKE_MODES,
  },
  'AWS::Lambda::Permission': {
    Action: ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'],
    FunctionUrlAuthType: AUTH_TYPES,
  },
  'AWS::Serverless::Api': {
    'EndpointConfiguration.Type': ['REGIONAL'],
    OpenApiVersion: ['3.0.1'],
    'MethodSettings.*.HttpMethod': ['*'],
  },
  'AWS::DynamoDB::Table': {
    BillingMode: ['PAY_PER_REQUEST'],
    'AttributeDefinitions.*.AttributeType': ['S', 'N', 'B'],
    'KeySchema.*.KeyType': KEY_TYPES,
    'GlobalSecondaryIndexes.*.KeySchema.*.KeyType': KEY_TYPES,
    'GlobalSecondaryIndexes.*.Projection.ProjectionType': ['ALL', 'KEYS_ONLY', 'INCLUDE'],
  },
  'AWS::IAM::Role': {
    'AssumeRolePolicyDocument.Version': ['2012-10-17'],
    'AssumeRolePolicyDocument.Statement.*.Effect': ['Allow'],
    'Policies.*.PolicyDocument.Version': ['2012-10-17'],
  },
  'AWS::Logs::LogGroup': {
    // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
    RetentionInDays: words('1 3 5 7 14 30 60 90 120 150 180 365 400 545 731 1096 1827 2192 2557 2922 3288 3653'),
  },
};
const POLICIES = ['Delete', 'Retain', 'RetainExceptOnCreate', 'Snapshot'];

// https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
const GATEWAY_RESPONSES = words(`
  ACCESS_DENIED API_CONFIGURATION_ERROR AUTHORIZER_CONFIGURATION_ERROR AUTHORIZER_FAILURE BAD_REQUEST_PARAMETERS
  BAD_REQUEST_BODY DEFAULT_4XX DEFAULT_5XX EXPIRED_TOKEN INTEGRATION_FAILURE INTEGRATION_TIMEOUT INVALID_API_KEY
  INVALID_SIGNATURE MISSING_AUTHENTICATION_TOKEN QUOTA_EXCEEDED REQUEST_TOO_LARGE RESOURCE_NOT_FOUND THROTTLED
  UNAUTHORIZED UNSUPPORTED_MEDIA_TYPE WAF_FILTERED`);

/** Lists values that the services do not know. cfn-lint does not check all of them. */
export function enumProblems(template: Template): string[] {
  const functions = functionsOf(template);
  return Object.entries(template.Resources).flatMap(([name, resource]) => {
    const Properties = functions[name] ?? resource.Properties;
    const { Type, DeletionPolicy = 'Delete', UpdateReplacePolicy = 'Delete' } = resource;
    const used = Object.entries(ENUMS[Type] ?? {}).flatMap(([path, known]) =>
      valuesAt(Properties, path)
        .flatMap((value) => possibleValues(template, value))
        .map((value) => [path, known, value] as const),
    );
    const responses = Object.keys(asMap(Properties['GatewayResponses']));
    const all = [
      ...used,
      ...responses.map((response) => ['GatewayResponses', GATEWAY_RESPONSES, response] as const),
      ['DeletionPolicy', POLICIES, DeletionPolicy] as const,
      ['UpdateReplacePolicy', POLICIES, UpdateReplacePolicy] as const,
    ];
    return all.flatMap(([path, known, value]) => (known.includes(value) ? [] : [`${name}.${path}: ${value}`]));
  });
}

/** Returns all allowed values of a parameter, or the value in the template. */
function possibleValues(template: Template, value: Value): string[] {
  const parameter = isList(value) ? undefined : template.Parameters[String(asMap(value)['Ref'])];
  return parameter?.AllowedValues?.map(String) ?? [String(new StackValues(template).of(value))];
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
