/**
 * What the linters must refuse. Each case is a file, code that is added to it in a copy of the tree, and the rule that
 * must speak.
 */

let names = 0;
const value = (module) => `import { v${(names += 1)} } from '${module}';`;
const type = (module) => `import type { T${(names += 1)} } from '${module}';`;
const dynamic = (module) => `void import('${module}');`;
const lines = (count) => Array.from({ length: count }, (_, line) => `export const line${line} = ${line};`).join('\n');

/** Imports that dependency-cruiser refuses: file, code, name of the rule in .dependency-cruiser.mjs. */
export const refusedImports = [
  ['src/common/domain-error.ts', type('../config/environment.js'), 'common'],
  ['src/config/environment.ts', value('../dynamodb/dynamo-table.js'), 'config'],
  ['src/telemetry/describe-error.ts', type('../config/environment.js'), 'telemetry'],
  ['src/dynamodb/dynamo-table.ts', type('../chat/model/chat.js'), 'dynamodb'],
  ['src/http/validation.ts', type('../auth/user.js'), 'http'],
  ['src/auth/id-token.guard.ts', value('../chat/service/chat.service.js'), 'auth'],
  ['src/auth/user.ts', value('../chat/model/chat.js'), 'auth'],
  ['src/usage/turn-quota.ts', type('../chat/model/chat.js'), 'usage'],
  ['src/openapi/api-docs.ts', type('../config/environment.js'), 'openapi'],
  ['src/openapi/api-docs.controller.ts', type('./document/schema.js'), 'openapi'],
  ['src/playground/page.service.ts', type('../http/validation.js'), 'playground'],
  ['src/openapi/document/schema.ts', type('../../local/banner.js'), 'openapi/document'],
  ['src/health/readiness.service.ts', type('../chat/model/chat.js'), 'health'],
  ['src/chat/model/chat.ts', type('../storage/items/head-item.js'), 'chat/model'],
  ['src/chat/agent/agent.ts', type('../service/chat.service.js'), 'chat/agent'],
  [
    'src/chat/agent/bedrock-agent/bedrock-agent.provider.ts',
    type('../../storage/dynamo-chat.repository.js'),
    'chat/agent/bedrock-agent',
  ],
  [
    'src/chat/agent/converse/converse.provider.ts',
    type('../../storage/dynamo-chat.repository.js'),
    'chat/agent/converse',
  ],
  ['src/chat/agent/harness/harness.provider.ts', value('../bedrock-agent/bedrock-citations.js'), 'chat/agent/harness'],
  ['src/chat/storage/dynamo-chat.repository.ts', type('../agent/agent.js'), 'chat/storage'],
  ['src/chat/storage/items/turn-item.ts', type('../../service/chat.service.js'), 'chat/storage'],
  ['src/chat/service/chat.service.ts', type('../../http/validation.js'), 'chat/service'],
  ['src/chat/service/chat.service.ts', value('../agent/bedrock-agent/bedrock-agent.provider.js'), 'chat/service'],
  ['src/chat/service/chat.service.ts', value('../storage/items/head-item.js'), 'chat/storage: doors'],
  ['src/chat/api/chat.controller.ts', type('../storage/dynamo-chat.repository.js'), 'chat/api'],
  ['src/chat/api/chat.controller.ts', value('../agent/agent.js'), 'chat/api'],
  ['src/chat/chat.module.ts', type('../dynamodb/dynamo-table.js'), 'chat'],
  ['src/local/banner.ts', dynamic('../app.js'), 'local'],
  ['src/lambda/event.ts', type('../chat/model/chat.js'), 'lambda'],
  ['src/app.module.ts', value('./auth/auth.module.js'), 'app.module.ts'],
  ['src/app.ts', type('./dynamodb/dynamo-table.js'), 'app.ts'],
  ['src/lambda.ts', value('./chat/chat.module.js'), 'lambda.ts'],
  ['src/lambda-stream.ts', value('./chat/chat.module.js'), 'lambda-stream.ts'],
  ['src/lambda-sweep.ts', value('./app.js'), 'lambda-sweep.ts'],
  ['src/main.ts', value('./lambda/event.js'), 'main.ts'],

  ['src/main.ts', value('./local/dev-key.js'), 'local: doors'],
  ['src/app.ts', dynamic('./local/banner.js'), 'only main imports local'],
  ['src/main.ts', value('./openapi/api-docs.module.js'), 'only main imports openapi, on demand'],
  ['src/main.ts', dynamic('./openapi/api-docs.js'), 'openapi: doors'],
  ['src/main.ts', value('./playground/playground.module.js'), 'only main imports playground, on demand'],
  ['src/main.ts', dynamic('./playground/page.service.js'), 'playground: doors'],
  ['src/app.ts', dynamic('./openapi/document/build-document.js'), 'app.ts'],
  ['src/chat/api/chat.controller.ts', value('../../auth/token/token-claims.js'), 'auth: doors'],
  ['src/app.module.ts', value('./health/readiness.service.js'), 'health: doors'],
  ['src/chat/service/chat.service.ts', value('../../usage/dynamo-turn-quota.repository.js'), 'usage: doors'],

  [
    'src/chat/storage/dynamo-chat.repository.ts',
    value('@aws-sdk/lib-dynamodb'),
    'package: @aws-sdk/(client-dynamodb|lib-dynamodb)',
  ],
  ['src/usage/turn-quota.ts', dynamic('@aws-sdk/client-dynamodb'), 'package: @aws-sdk/(client-dynamodb|lib-dynamodb)'],
  [
    'src/chat/agent/agent.ts',
    type('@aws-sdk/client-bedrock-agent-runtime'),
    'package: @aws-sdk/client-bedrock-agent-runtime',
  ],
  ['src/chat/agent/agent.ts', type('@aws-sdk/client-bedrock-runtime'), 'package: @aws-sdk/client-bedrock-runtime'],
  [
    'src/chat/agent/aws/message-stream.ts',
    type('@aws-sdk/client-bedrock-agentcore'),
    'package: @aws-sdk/client-bedrock-agentcore',
  ],
  ['src/main.ts', value('@aws-sdk/client-secrets-manager'), 'package: @aws-sdk/client-secrets-manager'],
  ['src/chat/service/chat.service.ts', type('express'), 'package: (@types/)?express'],
  ['src/chat/api/chat.controller.ts', value('passport'), 'package: (@types/)?(passport|passport-jwt|@nestjs/passport)'],
  ['src/http/validation.ts', value('@vendia/serverless-express'), 'package: @vendia/serverless-express'],
  ['src/chat/chat.module.ts', value('@nestjs/platform-express'), 'package: @nestjs/platform-express'],
  ['src/http/validation.ts', value('@smithy/node-http-handler'), 'package: @smithy'],

  ['src/chat/api/dto/chat-request.ts', value('@nestjs/swagger'), 'package: @nestjs/swagger'],
  ['src/chat/agent/aws/message-stream.ts', value('@nestjs/common'), 'package: @nestjs/common'],
  ['src/http/validation.ts', value('jose'), 'package: (@types/)?(jose|jsonwebtoken)'],
  ['src/chat/api/chat.controller.ts', value('helmet'), 'package: helmet'],
  ['src/dynamodb/dynamo-table.ts', value('@aws-sdk/core'), 'package: other clients of AWS'],
  ['src/planted.ts', value('./common/utf8.js'), 'a row for every file'],

  ['src/common/egg.ts', type('./egg.js'), 'no circles'],
  ['src/chat/model/chat.ts', value('#chat/chat.js'), 'no unknown module'],
  ['src/chat/model/chat.ts', value('src/common/utf8.js'), 'no unknown module'],
  ['src/chat/model/chat.ts', value('./nothing.js'), 'no unknown module'],
  ['src/common/request-context.ts', value('../../test/support/chat-app.js'), 'common'],
];

/** Code that oxlint refuses: file, code, rule. */
export const refusedCode = [
  ['src/chat/service/a.ts', `import { HttpException } from '@nestjs/common';`, 'eslint(no-restricted-imports)'],
  ['src/auth/a.ts', `import { Logger, UnauthorizedException } from '@nestjs/common';`, 'eslint(no-restricted-imports)'],
  ['src/auth/b.ts', `import * as nest from '@nestjs/common';`, 'eslint(no-restricted-imports)'],
  ['src/app.ts', `void import('./local/' + 'banner.js');`, 'import(no-dynamic-require)'],
  ['src/app.ts', `export type Y = import('./local/start-local.js').LocalParts;`, 'typescript(consistent-type-imports)'],
  [
    'src/chat/model/b.ts',
    `import { Chat } from './chat.js';\nexport type Own = Chat;`,
    'typescript(consistent-type-imports)',
  ],
  ['src/common/c.ts', `export * from './domain-error.js';`, 'oxc(no-barrel-file)'],
  ['src/chat/model/default.ts', 'export default 1;', 'import(no-default-export)'],
  ['src/config/env.ts', `void process.env['A'];`, 'node(no-process-env)'],
  ['src/lambda/env.ts', `void process.env['A'];`, 'node(no-process-env)'],
  ['src/app.module.ts', 'export const { env } = process;', 'eslint(no-restricted-properties)'],
  ['src/local/env.ts', 'void globalThis.process;', 'eslint(no-restricted-properties)'],
  ['src/chat/api/d.ts', `import { env } from 'node:process';\nvoid env;`, 'eslint(no-restricted-imports)'],
  ['src/chat/api/floating.ts', 'Promise.resolve(1);', 'typescript(no-floating-promises)'],
  [
    'src/chat/api/misused.ts',
    'export const odd = [1].filter(async (n) => Promise.resolve(n === 1));',
    'typescript(no-misused-promises)',
  ],
  ['test/any.ts', 'export const a: any = 1;', 'typescript(no-explicit-any)'],
  ['test/long.ts', lines(301), 'eslint(max-lines)'],
  ['src/common/words.ts', `/** ${'word '.repeat(26)}. */\n${lines(1)}`, 'house(short-sentences)'],
  ['scripts/words.ts', `// ${'word '.repeat(13)}\n// ${'word '.repeat(13)}\n${lines(1)}`, 'house(short-sentences)'],
];

/** What both linters let pass, beside the tree itself: file, code. */
export const passed = [
  ['src/local/planted.spec.ts', dynamic('../app.js')],
  ['src/http/errors/planted.ts', `export { HttpException } from '@nestjs/common';`],
  ['src/common/planted.ts', `/** ${'word '.repeat(25)}. */\n${lines(1)}`],
  ['test/planted.ts', `void process.env['A'];`],
  ['bench/planted.ts', lines(298)],
];
