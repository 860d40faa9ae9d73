/**
 * Who may import whom under src, one row a folder. docs/architecture.md draws the layers, `npm run layers` prints them,
 * `npm run lint` keeps them, and `npm run lint:rules` proves that each rule fires.
 *
 * `may`: what the files of a row may import of ours, beside each other. A row in a folder of another row stands alone.
 * `doors`: the only files of the folder that other folders may import. Without it, all of them are doors.
 */
export const LAYERS = {
  'main.ts': { may: ['app.ts', 'openapi', 'local', 'http', 'dynamodb', 'config'] },
  'lambda.ts': { may: ['app.ts', 'lambda'] },
  'lambda-stream.ts': { may: ['app.ts', 'lambda'] },
  'lambda-sweep.ts': { may: ['chat/storage', 'config', 'telemetry'] },
  lambda: { may: ['app.ts', 'http', 'config', 'common'] },
  'app.ts': { may: ['app.module.ts', 'chat', 'health', 'http', 'telemetry', 'config'] },
  'app.module.ts': { may: ['chat', 'health', 'http', 'config'] },
  local: {
    may: ['config'],
    doors: ['start-local.ts', 'banner.ts', 'local-mode.ts', 'watch-restart.ts'],
  },

  openapi: { may: [], doors: ['api-docs.module.ts'] },
  'openapi/document': {
    may: ['chat/api', 'chat/agent', 'chat/model', 'health', 'usage', 'auth', 'http', 'dynamodb', 'config', 'common'],
  },

  chat: { may: ['chat/api', 'chat/service', 'chat/storage', 'chat/agent', 'usage', 'auth', 'http'] },
  'chat/api': { may: ['chat/service', 'chat/model', 'auth', 'http', 'config'] },
  'chat/service': { may: ['chat/storage', 'chat/agent', 'chat/model', 'usage', 'config', 'common'] },
  'chat/storage': {
    may: ['chat/model', 'dynamodb', 'config', 'common'],
    doors: [
      'storage.module.ts',
      'dynamo-chat.repository.ts',
      'dynamo-turn-lease.ts',
      'dynamo-turn-stop.ts',
      'dynamo-open-turns.ts',
      'dynamo-chat-list.repository.ts',
      'dynamo-history.repository.ts',
      'dynamo-chat-deletion.ts',
      'sweep-table.ts',
    ],
  },
  'chat/agent': {
    may: ['chat/agent/bedrock-agent', 'chat/agent/harness', 'chat/agent/converse', 'chat/model', 'config', 'common'],
  },
  'chat/agent/bedrock-agent': { may: ['chat/agent', 'chat/model', 'config', 'common'] },
  'chat/agent/harness': { may: ['chat/agent', 'chat/model', 'config', 'common'] },
  'chat/agent/converse': { may: ['chat/agent', 'chat/model', 'config', 'common'] },
  'chat/model': { may: ['common'] },

  usage: {
    may: ['dynamodb', 'config', 'common'],
    doors: ['usage.module.ts', 'turn-quota.ts', 'usage.errors.ts'],
  },
  health: {
    may: ['auth', 'dynamodb', 'telemetry', 'common'],
    doors: ['health.module.ts', 'health.controller.ts', 'health.errors.ts'],
  },
  auth: {
    may: ['config', 'common'],
    doors: [
      'auth.module.ts',
      'id-token.guard.ts',
      'user.decorator.ts',
      'user.ts',
      'auth.errors.ts',
      'keys/signing-keys.ts',
    ],
  },
  http: { may: ['telemetry', 'common'] },
  dynamodb: { may: ['config', 'common'] },
  telemetry: { may: ['common'] },
  config: { may: [] },
  common: { may: [] },
};

/** Packages that some folders alone may import, by the beginning of their name. */
const PACKAGES = {
  '@aws-sdk/(client-dynamodb|lib-dynamodb)': ['dynamodb'],
  '@aws-sdk/client-bedrock-agent-runtime': ['chat/agent/bedrock-agent'],
  '@aws-sdk/client-bedrock-runtime': ['chat/agent/converse'],
  '@aws-sdk/client-bedrock-agentcore': ['chat/agent/harness'],
  '@aws-sdk/client-secrets-manager': ['config'],
  '@smithy': ['dynamodb', 'chat/agent/aws', 'config', 'local'],
  '(@types/)?express': ['http', 'auth', 'chat/api'],
  '@nestjs/platform-express': ['http', 'app.ts', 'main.ts', 'lambda'],
  '(@types/)?(passport|passport-jwt|@nestjs/passport)': ['auth'],
  '@vendia/serverless-express': ['lambda.ts'],
  '(@types/)?(jose|jsonwebtoken)': ['auth', 'local'],
  helmet: ['http'],
  '@nestjs/swagger': ['openapi/document'],
  // The providers of agents are loaded on demand. If one of them imports it, the bundle keeps all of its modules.
  '@nestjs/common': [
    'app.ts',
    'app.module.ts',
    'main.ts',
    'auth',
    'chat/agent/agent.module.ts',
    'chat/api',
    'chat/chat.module.ts',
    'chat/service',
    'chat/storage',
    'config',
    'dynamodb',
    'health',
    'http',
    'lambda',
    'openapi',
    'telemetry',
    'usage',
  ],
};

const escape = (path) => path.replaceAll('.', '\\.');
const pathOf = (name) => (name.endsWith('.ts') ? `^src/${escape(name)}$` : `^src/${name}/`);
const SPECS = '\\.spec\\.ts$';

/** The rows inside of a folder, which have rules of their own. */
const innerRows = (name) => Object.keys(LAYERS).filter((other) => other.startsWith(`${name}/`));

const layerRules = Object.entries(LAYERS).map(([name, { may }]) => ({
  name,
  comment: `${name} may import ${may.join(', ') || 'nothing of ours'} and itself`,
  severity: 'error',
  from: { path: pathOf(name), pathNot: [SPECS, ...innerRows(name).map(pathOf)] },
  to: { path: '^(src|test|scripts|bench)/', pathNot: ownAnd(name, may) },
}));

/** A folder's own files without those of the rows inside it, and what it may import. */
function ownAnd(name, may) {
  const inner = innerRows(name).filter((row) => !may.includes(row));
  const own =
    inner.length === 0
      ? pathOf(name)
      : `^src/${name}/(?!(${inner.map((row) => row.slice(name.length + 1)).join('|')})/)`;
  const allowed = may.map((row) => {
    const closed = innerRows(row).filter((other) => !may.includes(other));
    return closed.length === 0
      ? pathOf(row)
      : `^src/${row}/(?!(${closed.map((other) => other.slice(row.length + 1)).join('|')})/)`;
  });
  return [own, ...allowed];
}

const doorRules = Object.entries(LAYERS).flatMap(([name, { doors }]) =>
  doors === undefined
    ? []
    : {
        name: `${name}: doors`,
        comment: `From outside, only ${doors.join(', ')}`,
        severity: 'error',
        from: { path: '^src/', pathNot: [SPECS, pathOf(name)] },
        to: { path: pathOf(name), pathNot: doors.map((door) => pathOf(`${name}/${door}`)) },
      },
);

const packageRules = Object.entries(PACKAGES).map(([pattern, folders]) => ({
  name: `package: ${pattern}`,
  comment: `May import it: ${folders.join(', ') || 'no folder'}`,
  severity: 'error',
  from: { path: '^src/', pathNot: [SPECS, ...folders.map(pathOf)] },
  to: { path: `node_modules/${pattern}/` },
}));

const AWS_PACKAGES = Object.keys(PACKAGES).filter((pattern) => pattern.startsWith('@aws-sdk/'));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    ...doorRules,
    ...packageRules,
    {
      name: 'package: other clients of AWS',
      comment: 'Each client of AWS has a row in PACKAGES',
      severity: 'error',
      from: { path: '^src/', pathNot: SPECS },
      to: { path: 'node_modules/@aws-sdk/', pathNot: AWS_PACKAGES.map((pattern) => `node_modules/${pattern}/`) },
    },
    {
      name: 'a row for every file',
      comment: 'A file without a row in LAYERS may import nothing',
      severity: 'error',
      from: { path: '^src/', pathNot: [SPECS, ...Object.keys(LAYERS).map(pathOf)] },
      to: {},
    },
    {
      name: 'only main imports local',
      severity: 'error',
      from: { path: '^src/', pathNot: [SPECS, '^src/(main\\.ts|local/)'] },
      to: { path: '^src/local/' },
    },
    {
      name: 'only main imports openapi, on demand',
      severity: 'error',
      from: { path: '^src/', pathNot: [SPECS, '^src/openapi/'] },
      to: { path: '^src/openapi/', dependencyTypesNot: ['dynamic-import'] },
    },
    {
      name: 'no circles',
      comment: 'Neither of values nor of types',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no unknown module',
      comment: 'No path aliases, no folders',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { conditionNames: ['import', 'types', 'default'], exportsFields: ['exports'] },
  },
};
