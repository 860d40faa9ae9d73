/**
 * What the linter must refuse and what it must let pass, by rule of the house. Each case is a file and the code
 * planted in it; cases of one file stand in it one below the other.
 */

let names = 0;
const value = (module) => `import { v${(names += 1)} } from '${module}';`;
const type = (module) => `import type { T${(names += 1)} } from '${module}';`;
const dynamic = (module) => `void import('${module}');`;
const again = (module) => `export { e${(names += 1)} } from '${module}';`;

const IMPORTS = 'house(imports)';
const LONG = Array.from({ length: 301 }, (_, line) => `export const line${line} = ${line};`).join('\n');

export const rules = [
  {
    rule: IMPORTS,
    says: 'a leaf imports nothing of ours',
    refused: [
      ['src/domain-error.ts', value('./request-context.js')],
      ['src/request-context.ts', type('./config/environment.js')],
      ['src/request-context.ts', dynamic('./domain-error.js')],
    ],
    passed: [['src/request-context.ts', value('node:async_hooks')]],
  },
  {
    rule: IMPORTS,
    says: 'config imports nothing of ours but domain-error',
    refused: [
      ['src/config/x.ts', value('../request-context.js')],
      ['src/config/x.ts', type('../chat/chat.js')],
      ['src/config/x.ts', value('@aws-sdk/client-dynamodb')],
    ],
    passed: [['src/config/x.ts', value('../domain-error.js')]],
  },
  {
    rule: IMPORTS,
    says: 'http knows no feature',
    refused: [
      ['src/http/x.ts', value('../chat/chat.errors.js')],
      ['src/http/x.ts', type('../auth/user.js')],
      ['src/http/error.filter.ts', again('../auth/auth.errors.js')],
      ['src/http/x.ts', value('../health/health.service.js')],
    ],
    passed: [
      ['src/http/x.ts', value('../domain-error.js')],
      ['src/http/x.ts', type('../config/environment.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'auth and chat do not know each other, but for the guard, the decorator and the user type',
    refused: [
      ['src/auth/x.ts', type('../chat/chat.js')],
      ['src/auth/id-token.guard.ts', value('../chat/chat.service.js')],
      ['src/chat/chat.service.ts', value('../auth/auth.errors.js')],
      ['src/chat/chat-title.ts', value('../auth/id-token.guard.js')],
      ['src/chat/chat.controller.ts', value('../auth/id-token.strategy.js')],
    ],
    passed: [
      ['src/chat/chat.controller.ts', value('../auth/id-token.guard.js')],
      ['src/chat/chat.controller.ts', value('../auth/user.decorator.js')],
      ['src/chat/chat.service.ts', type('../auth/user.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'a controller imports its service, never the repository, the agent or the SDK',
    refused: [
      ['src/chat/chat.controller.ts', value('./dynamo-chat.repository.js')],
      ['src/chat/chats.controller.ts', type('./dynamo-chat-deletion.js')],
      ['src/chat/chats.controller.ts', value('./head-item.js')],
      ['src/chat/chat.controller.ts', value('./agent/bedrock-agent.provider.js')],
      ['src/chat/chat.controller.ts', value('./agent/agent.js')],
      ['src/chat/chat.controller.ts', value('@aws-sdk/lib-dynamodb')],
    ],
    passed: [
      ['src/chat/chat.controller.ts', value('./chat.service.js')],
      ['src/chat/chat.controller.ts', value('./dto/chat-request.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'the service imports no SDK, no HTTP, no concrete provider and no stored item',
    refused: [
      ['src/chat/chat.service.ts', value('@aws-sdk/client-bedrock-agent-runtime')],
      ['src/chat/chat.service.ts', type('@aws-sdk/lib-dynamodb/dist-types/index')],
      ['src/chat/chat.service.ts', type('express')],
      ['src/chat/chat.service.ts', value('@nestjs/platform-express')],
      ['src/chat/chat.service.ts', value('./agent/bedrock-agent.provider.js')],
      ['src/chat/chat.service.ts', value('./head-item.js')],
      ['src/chat/chat.service.ts', value('./chat.controller.js')],
      ['src/chat/chat.service.ts', value('../http/error.filter.js')],
    ],
    passed: [
      ['src/chat/chat.service.ts', value('./dynamo-chat.repository.js')],
      ['src/chat/chats.service.ts', value('./dynamo-chat-deletion.js')],
      ['src/chat/chat.service.ts', value('./agent/agent.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'the writer of a stream knows the service by its types alone',
    refused: [
      ['src/chat/turn-stream.ts', value('./chat.service.js')],
      ['src/chat/turn-stream.ts', type('./dynamo-chat.repository.js')],
      ['src/chat/turn-stream.ts', type('./agent/agent.js')],
      ['src/chat/ui-message-stream.ts', type('express')],
    ],
    passed: [
      ['src/chat/turn-stream.ts', type('./chat.service.js')],
      ['src/chat/turn-stream.ts', type('express')],
      ['src/chat/turn-stream.ts', value('../http/error.filter.js')],
    ],
  },
  {
    rule: 'eslint(no-restricted-imports)',
    says: 'only src/http knows HTTP exceptions and statuses',
    refused: [
      ['src/chat/chat.service.ts', `import { HttpException } from '@nestjs/common';`],
      ['src/chat/chat.service.ts', `import { Logger, NotFoundException } from '@nestjs/common';`],
      ['src/auth/id-token.guard.ts', `import { UnauthorizedException } from '@nestjs/common';`],
      ['src/auth/id-token.guard.ts', `import * as nest from '@nestjs/common';`],
    ],
    passed: [
      ['src/http/error.filter.ts', `import { HttpException } from '@nestjs/common';`],
      ['src/chat/chat.service.ts', `import { Injectable } from '@nestjs/common';`],
    ],
  },
  {
    rule: IMPORTS,
    says: 'only src/aws, the repository with its files and the providers touch the SDK',
    refused: [
      ['src/app.module.ts', value('@aws-sdk/client-dynamodb')],
      ['src/main.ts', value('@smithy/node-http-handler')],
      ['src/chat/chat.module.ts', type('@aws-sdk/lib-dynamodb')],
      ['src/chat/chat-title.ts', dynamic('@aws-sdk/client-dynamodb')],
      ['src/chat/agent/agent.ts', type('@aws-sdk/client-bedrock-agent-runtime')],
      ['src/health/health.service.ts', value('@aws-sdk/client-dynamodb')],
    ],
    passed: [
      ['src/aws/aws.module.ts', value('@aws-sdk/client-dynamodb')],
      ['src/chat/dynamo-table.ts', value('@aws-sdk/lib-dynamodb')],
      ['src/chat/chat-table.ts', value('@aws-sdk/client-dynamodb')],
      ['src/chat/agent/bedrock-agent.provider.ts', value('@aws-sdk/client-bedrock-agent-runtime')],
      ['src/local/event-stream.ts', value('@smithy/core/event-streams')],
      ['scripts/x.ts', value('@aws-sdk/client-dynamodb')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'the agent imports neither repository nor service, and its port no provider',
    refused: [
      ['src/chat/agent/bedrock-agent.provider.ts', value('../dynamo-chat.repository.js')],
      ['src/chat/agent/agent-session.ts', value('../chat.service.js')],
      ['src/chat/agent/agent.ts', type('../head-item.js')],
      ['src/chat/agent/agent.ts', value('./bedrock-agent.provider.js')],
    ],
    passed: [['src/chat/agent/agent.ts', type('../chat.js')]],
  },
  {
    rule: IMPORTS,
    says: 'the repository and the files below the road do not run back up it',
    refused: [
      ['src/chat/dynamo-chat.repository.ts', type('./chat.service.js')],
      ['src/chat/dynamo-chat.repository.ts', value('./agent/agent.js')],
      ['src/chat/dynamo-chat-deletion.ts', type('./chats.service.js')],
      ['src/chat/chat-history.ts', value('./dynamo-chat.repository.js')],
      ['src/chat/chat-history.ts', value('./chat.module.js')],
      ['src/chat/dto/chat-response.ts', value('../chat.service.js')],
    ],
    passed: [
      ['src/chat/dynamo-chat.repository.ts', value('./head-item.js')],
      ['src/chat/dto/chat-response.ts', type('../chat.service.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'only src/main.ts, tests, scripts and benches import src/local',
    refused: [
      ['src/app.ts', value('./local/start-local.js')],
      ['src/app.ts', dynamic('./local/start-local.js')],
      ['src/app.ts', 'void import(`./local/start-local.js`);'],
      ['src/app.ts', `void import('./local/' + 'banner.js');`],
      ['src/app.ts', `export type Y = import('./local/start-local.js').LocalParts;`],
      ['src/app.ts', value('./http/../local/banner.js')],
      ['src/lambda.ts', dynamic('./local/start-local.js')],
      ['src/lambda-stream.ts', type('./local/banner.js')],
      ['src/chat/chat.service.ts', value('../local/dev-token.js')],
      ['src/health/health.service.ts', value('../local/dev-token.js')],
    ],
    passed: [
      ['src/main.ts', dynamic('./local/start-local.js')],
      ['src/local/x.spec.ts', value('./start-local.js')],
      ['src/chat/x.spec.ts', value('../local/embedded-dynamodb.js')],
      ['test/x.e2e-spec.ts', value('../src/local/start-local.js')],
      ['bench/x.ts', value('../src/local/start-local.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'nothing runs back up to the app or an entry',
    refused: [
      ['src/local/start-local.ts', value('../app.js')],
      ['src/local/start-local.ts', dynamic('../main.js')],
      ['src/chat/chat.module.ts', value('../app.module.js')],
      ['src/app.ts', value('./main.js')],
      ['src/lambda.ts', value('./main.js')],
      ['src/health/health.service.ts', value('../lambda.js')],
    ],
    passed: [
      ['src/main.ts', value('./app.js')],
      ['src/lambda.ts', value('./app.js')],
    ],
  },
  {
    rule: IMPORTS,
    says: 'no path aliases, no barrels, no way round the rules',
    refused: [
      ['src/chat/x.ts', value('#chat/chat.js')],
      ['src/chat/x.ts', value('@/chat/chat.js')],
      ['src/chat/x.ts', value('src/chat/chat.js')],
      ['src/chat/x.ts', value('./agent/index.js')],
      ['src/chat/x.ts', value('./agent')],
      ['src/chat/x.ts', value('../../test/support/chat-app.js')],
      ['src/chat/x.ts', value('node:process')],
    ],
    passed: [['src/chat/x.ts', value('./chat.js')]],
  },
  {
    rule: 'oxc(no-barrel-file)',
    says: 'no barrels',
    refused: [['src/aws/index.ts', `export * from './clean.js';`]],
    passed: [],
  },
  {
    rule: 'import(no-cycle)',
    says: 'no cycles, of types neither',
    refused: [
      ['src/http/egg.ts', `import { hen } from './hen.js';\nexport const egg = () => hen;`],
      ['src/http/hen.ts', `import { egg } from './egg.js';\nexport const hen = () => egg;`],
      ['src/aws/egg.ts', `import type { Hen } from './hen.js';\nexport interface Egg { readonly from: Hen }`],
      ['src/aws/hen.ts', `import type { Egg } from './egg.js';\nexport interface Hen { readonly from: Egg }`],
    ],
    passed: [],
  },
  {
    rule: 'import(no-default-export)',
    says: 'no default exports but where a tool wants one',
    refused: [['src/chat/default.ts', 'export default 1;']],
    passed: [['jest.config.js', 'export default {};']],
  },
  {
    rule: 'eslint(no-restricted-properties)',
    says: 'the environment is read in the entries alone',
    refused: [
      ['src/config/env.ts', `void process.env['A'];`],
      ['src/app.ts', 'export const { env } = process;'],
      ['src/local/env.ts', 'void globalThis.process;'],
    ],
    passed: [
      ['src/main.ts', `void process.env['A'];`],
      ['src/lambda.ts', `void process.env['A'];`],
      ['scripts/x.ts', `void process.env['A'];`],
      ['test/x.e2e-spec.ts', `void process.env['A'];`],
    ],
  },
  {
    rule: 'typescript(no-floating-promises)',
    says: 'no floating promises (needs types)',
    refused: [['src/chat/floating.ts', 'Promise.resolve(1);']],
    passed: [['src/chat/floating.ts', 'void Promise.resolve(1);']],
  },
  {
    rule: 'typescript(no-misused-promises)',
    says: 'no misused promises (needs types)',
    refused: [['src/chat/misused.ts', 'export const odd = [1].filter(async (n) => Promise.resolve(n === 1));']],
    passed: [],
  },
  {
    rule: 'typescript(no-explicit-any)',
    says: 'no any',
    refused: [['test/any.ts', 'export const a: any = 1;']],
    passed: [],
  },
  {
    rule: 'typescript(consistent-type-imports)',
    says: 'types are imported as types, but for what Nest reads at run time',
    refused: [['src/chat/types.ts', `import { Chat } from './chat.js';\nexport type Own = Chat;`]],
    passed: [['src/health/health.controller.ts', `import { Own } from './own.js';\nexport type Its = Own;`]],
  },
  {
    rule: 'eslint(max-lines)',
    says: 'no file over 300 lines',
    refused: [['test/long.ts', LONG]],
    passed: [['bench/short.ts', LONG.slice(LONG.indexOf('\n') + 1)]],
  },
];
