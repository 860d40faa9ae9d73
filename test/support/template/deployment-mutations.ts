/** Copies with one fault each around the sweep, the roles and the API. See `TEMPLATE_MUTATIONS`. */
export const DEPLOYMENT_MUTATIONS: readonly (readonly [what: string, check: string, from: string, to: string])[] = [
  ['a sweep that is not built', 'package', 'CodeUri: build/lambda-sweep/', 'CodeUri: build/lambda/'],
  ['a sweep with the role of the others', 'permissions', 'SweepFunctionRole.Arn', 'ChatFunctionRole.Arn'],
  ['a sweep that may do anything', 'permissions', '- dynamodb:Scan', "- 'dynamodb:*'"],
  ['a sweep that may not scan', 'permissions', '                  - dynamodb:Scan\n', ''],
  ['a sweep that reserves concurrency', 'deployment', '      ReservedConcurrentExecutions: !Ref AWS::NoValue\n', ''],
  ['a sweep at fixed times', 'sweep', 'Schedule: !Ref SweepSchedule', 'Schedule: rate(1 hour)'],
  [
    'a sweep that anybody may invoke',
    'sweep',
    '        Sweep:\n',
    '        Open: { Type: HttpApi, Properties: {} }\n        Sweep:\n',
  ],
  ['a sweep that cannot be turned off', 'sweep', '    Condition: Sweeps\n', ''],
  ['a sweep that is repeated at once', 'sweep', 'MaximumRetryAttempts: 0', 'MaximumRetryAttempts: 2'],
  ['a schedule that is none', 'sweep', 'AllowedPattern: ^(rate', 'AllowedPattern: ^(.*|rate'],

  ['an endpoint at the edge', 'deployment', '      EndpointConfiguration: { Type: REGIONAL }\n', ''],
  ['an API that is not deployed anew', 'deployment', '      AlwaysDeploy: true\n', ''],
  ['nothing of authentication', 'deployment', '      Auth: { ApiKeyRequired: false }\n', ''],
  ['a role for everybody', 'deployment', 'Principal: { Service: lambda.amazonaws.com }', "Principal: { AWS: '*' }"],
  ['a role for a service that is not', 'deployment', 'lambda.amazonaws.com', 'lamda.amazonaws.com'],
  ['a role that nobody can take', 'deployment', 'sts:AssumeRole', 'sts:AsumeRole'],
  ['a second role', 'deployment', 'Resources:\n', `Resources:\n  Spare: { Type: 'AWS::IAM::Role', Properties: {} }\n`],
  [
    'a function that everybody may invoke',
    'deployment',
    'Resources:\n',
    `Resources:
  Open:
    Type: AWS::Lambda::Permission
    Properties: { FunctionName: !Ref ChatFunction, Action: lambda:InvokeFunction, Principal: '*' }
`,
  ],
  [
    'a Function URL of the function that answers in one piece',
    'deployment',
    'Resources:\n',
    `Resources:
  Open: { Type: 'AWS::Lambda::Url', Properties: { TargetFunctionArn: !Ref ChatFunction, AuthType: NONE } }
`,
  ],
  [
    'a secret that goes with the stack',
    'deployment',
    'Condition: MakesSecret\n    DeletionPolicy: Retain',
    'Condition: MakesSecret',
  ],
  ['a short secret', 'deployment', 'PasswordLength: 64', 'PasswordLength: 8'],
  ['a package that sam builds again', 'deployment', 'SkipBuild: true', 'SkipBuild: false'],
  ['a log that the role may not write', 'deployment', 'LogGroup: !Ref ChatLogGroup', 'LogGroup: /aws/lambda/other'],
  ['a log that is kept for ever', 'deployment', '      RetentionInDays: !Ref LogRetentionDays\n', ''],
  ['an address that is not the API', 'deployment', '${AWS::URLSuffix}/${StageName}\n', '${AWS::URLSuffix}\n'],
  ['keys by URL without an issuer', 'deployment', "          - !Not [!Equals [!Ref JwtIssuer, '']]\n", ''],
  ['keys by URL beside a secret', 'deployment', "          - !Equals [!Ref JwtSecretArn, '']\n", ''],
];
