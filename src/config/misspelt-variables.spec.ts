import { describe, expect, it } from '@jest/globals';
import { variableNames } from './environment.js';
import { listMisspelt } from './misspelt-variables.js';

const LOCAL = ['LOCAL_AGENT', 'LOCAL_AGENT_URL'];
const KNOWN = [...variableNames(), ...LOCAL];
const find = (...names: string[]) => listMisspelt(names, KNOWN);

describe('listMisspelt', () => {
  it.each([
    ['JWT_AUDIANCE', 'JWT_AUDIENCE'],
    ['JWT_ISUER', 'JWT_ISSUER'],
    ['JWT_SECERT_KEY', 'JWT_SECRET_KEY'],
    ['TURNS_PER_MINTUE', 'TURNS_PER_MINUTE'],
    ['TURN_PER_DAY', 'TURNS_PER_DAY'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['DYNAMO_TABLE', 'DYNAMODB_TABLE'],
    ['AWS_ENDPOINT_URL_DYNAMO_DB', 'AWS_ENDPOINT_URL_DYNAMODB'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['LOCAL_AGENT_ULR', 'LOCAL_AGENT_URL'],
    // In another case, or with other separators.
    ['jwt_secret_key', 'JWT_SECRET_KEY'],
    ['Agent_Model_Id', 'AGENT_MODEL_ID'],
    ['JWT-ISSUER', 'JWT_ISSUER'],
    // A beginning, and a word too many.
    ['JWT_SECRET', 'JWT_SECRET_KEY'],
    ['AGENT_ALIAS', 'AGENT_ALIAS_ID'],
    ['CHAT_TTL', 'CHAT_TTL_DAYS'],
    ['DYNAMODB_TABLE_NAME', 'DYNAMODB_TABLE'],
    ['JWT_ISSUER_URL', 'JWT_ISSUER'],
  ])('takes %s for %s', (name, meant) => {
    expect(find('PATH', name, 'HOME')).toEqual([`${name} is no variable of this service: did you mean ${meant}?`]);
  });

  it('is silent about every variable of the service', () => {
    expect(find(...KNOWN)).toEqual([]);
    for (const name of KNOWN) expect(find(name)).toEqual([]);
  });

  it.each<[string, string[]]>([
    [
      'a shell',
      [
        'PATH',
        'HOME',
        'HOSTNAME',
        'HOSTTYPE',
        'SHELL',
        'TERM',
        'LANG',
        'LOGNAME',
        'PWD',
        'SHLVL',
        'XDG_DATA_DIRS',
        '_',
      ],
    ],
    ['npm', ['npm_package_version', 'npm_config_cache', 'npm_lifecycle_event', 'INIT_CWD', 'NODE', 'NODE_ENV']],
    [
      'Lambda',
      [
        'AWS_LAMBDA_FUNCTION_NAME',
        'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
        'AWS_LAMBDA_LOG_GROUP_NAME',
        'AWS_LAMBDA_LOG_LEVEL',
        'AWS_LAMBDA_RUNTIME_API',
        'AWS_DEFAULT_REGION',
        'AWS_EXECUTION_ENV',
        'AWS_XRAY_DAEMON_ADDRESS',
        '_X_AMZN_TRACE_ID',
        '_HANDLER',
        'LAMBDA_TASK_ROOT',
        'LAMBDA_RUNTIME_DIR',
        'LD_LIBRARY_PATH',
        'NODE_PATH',
        'TZ',
      ],
    ],
    [
      'the AWS SDK',
      [
        'AWS_ACCESS_KEY_ID',
        'AWS_SECRET_ACCESS_KEY',
        'AWS_SESSION_TOKEN',
        'AWS_PROFILE',
        'AWS_ENDPOINT_URL',
        'AWS_ENDPOINT_URL_S3',
        'AWS_ENDPOINT_URL_BEDROCK',
        'AWS_ENDPOINT_URL_BEDROCK_AGENT',
        'AWS_ENDPOINT_URL_DYNAMODB_STREAMS',
        'AWS_REGION_NAME',
      ],
    ],
    ['Kubernetes', ['CHAT_PORT', 'CHAT_SERVICE_HOST', 'AGENT_PORT_80_TCP', 'AGENT_SERVICE_PORT', 'KUBERNETES_PORT']],
    ['Azure Pipelines', ['AGENT_NAME', 'AGENT_OS', 'AGENT_VERSION', 'AGENT_WORKFOLDER', 'AGENT_JOBSTATUS']],
    ['other programs', ['PORTS', 'POST', 'HOSTS', 'SORT', 'LOG_LEVEL_ROOT', 'DATA_DIR_HOST', 'DATABASE_URL', 'JWT']],
  ])('is silent about variables of %s', (_, names) => {
    expect(find(...names)).toEqual([]);
  });

  it('is silent if the known variable is set too, because the other one is for another program', () => {
    expect(find('JWT_SECRET', 'JWT_SECRET_KEY')).toEqual([]);
    expect(find('JWT_SECRET', 'JWT_SECRET_ARN')).toEqual([]);
    expect(find('LOGLEVEL', 'LOG_LEVEL')).toEqual([]);
  });

  it('prints no name that could forge a line', () => {
    expect(find('JWT_ISSUER\nX', 'JWT ISSUER')).toEqual([]);
  });
});
