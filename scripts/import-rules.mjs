/**
 * Who may import whom under src: the house of docs/architecture.md as a table, kept by the lint rule `house/imports`.
 * The first row that names a file holds for it. Files of ours are written as paths under src without their ending,
 * packages as they are called. What `may` does not name of ours is forbidden, and so is what `never` names of both;
 * of `types`, an `import type` is allowed all the same.
 */

const LEAVES = ['domain-error', 'request-context'];
const OWN = [...LEAVES, 'config/**'];
const SDK = ['@aws-sdk/**', '@smithy/**'];
const HTTP = ['express', 'passport', '@nestjs/platform-express', '@nestjs/passport'];
const ENTRIES = ['main', 'lambda*'];
const APP = ['app', 'app.module', ...ENTRIES];
const USER = ['auth/user'];

const TABLE = ['chat/dynamo-table', 'chat/chat-table'];
const ITEMS = ['chat/*-item', 'chat/item-expiry'];
const BEHIND_REPOSITORY = [...TABLE, ...ITEMS, 'chat/dynamo-turn-*', 'chat/dynamo-inline-history'];
const REPOSITORY = ['chat/*.repository', 'chat/dynamo-chat-deletion', 'chat/turn-quota', ...BEHIND_REPOSITORY];
const PROVIDERS = ['chat/agent/*.provider', 'chat/agent/bedrock-*'];
const ROAD = ['chat/*.controller', 'chat/*.module', 'chat/*.service'];

export const importRules = [
  { files: LEAVES, may: [], never: SDK, why: 'A leaf imports nothing of ours.' },
  { files: ['config/**'], may: ['config/**', 'domain-error'], never: SDK, why: 'The configuration stands alone.' },
  { files: ['aws/**'], may: [...OWN, 'aws/**'], never: [], why: 'The AWS clients know the configuration only.' },
  { files: ['http/**'], may: [...OWN, 'http/**'], never: SDK, why: 'src/http knows no feature.' },
  { files: ['auth/**'], may: [...OWN, 'auth/**'], never: SDK, why: 'Auth knows no other feature.' },

  {
    files: ['chat/*.module'],
    may: [...OWN, 'aws/*.module', 'auth/*.module', 'http/**', 'chat/**'],
    never: SDK,
    why: 'The module composes; it does nothing itself.',
  },
  {
    files: ['chat/*.controller'],
    may: [...OWN, ...USER, 'auth/*.guard', 'auth/*.decorator', 'http/**', 'chat/**'],
    never: [...SDK, ...REPOSITORY, 'chat/agent/**', 'chat/*.controller', 'chat/*.module'],
    why: 'A controller asks its service, never the repository or the agent.',
  },
  {
    files: ['chat/dto/**'],
    may: [...OWN, 'http/**', 'chat/dto/**', 'chat/*'],
    never: [...SDK, ...REPOSITORY, ...ROAD],
    types: ['chat/*.service'],
    why: 'A DTO knows what bodies look like, no more.',
  },
  {
    files: ['chat/*.service'],
    may: [...OWN, ...USER, 'chat/**'],
    never: [...SDK, ...HTTP, ...BEHIND_REPOSITORY, ...PROVIDERS, 'chat/dto/**', 'chat/*.controller', 'chat/*.module'],
    why: 'The service knows the repository and the port of the agent, not HTTP and not the SDK.',
  },
  {
    files: TABLE,
    may: [...OWN, 'chat/*'],
    never: [...HTTP, ...ROAD, 'chat/*.repository', 'chat/dynamo-turn-*', ...ITEMS],
    why: 'The table knows its SDK and what is common to all items.',
  },
  {
    files: REPOSITORY,
    may: [...OWN, ...USER, 'chat/*'],
    never: [...SDK, ...HTTP, ...ROAD],
    why: 'The repositories know the items and the table, not its SDK.',
  },
  {
    files: PROVIDERS,
    may: [...OWN, 'chat/agent/**', 'chat/chat'],
    never: HTTP,
    why: 'A provider knows its SDK and the port, not the turn.',
  },
  {
    files: ['chat/agent/**'],
    may: [...OWN, 'chat/agent/**', 'chat/chat'],
    never: [...SDK, ...HTTP, ...PROVIDERS],
    why: 'The port knows no provider and not the turn.',
  },
  {
    files: ['chat/turn-stream'],
    may: [...OWN, 'http/**', 'chat/*', 'chat/dto/**'],
    never: [...SDK, ...REPOSITORY, ...ROAD],
    types: ['chat/*.service'],
    why: 'The writer of a stream renders a turn; it does not run one.',
  },
  {
    files: ['chat/**'],
    may: [...OWN, ...USER, 'chat/**'],
    never: [...SDK, ...HTTP, ...ROAD, ...REPOSITORY, ...PROVIDERS],
    why: 'The road of a turn is controller → service → repository and agent.',
  },

  { files: ['local/**'], may: ['**'], never: [...APP, ...ROAD], why: 'Local mode stands beside the app, not on it.' },
  { files: ['main'], may: ['**'], never: [...SDK, 'lambda*'], why: 'An entry starts the app and nothing else.' },
  { files: ENTRIES, may: ['**'], never: [...SDK, 'local/**', 'main'], why: 'Only src/main.ts starts src/local.' },
  { files: APP, may: ['**'], never: [...SDK, 'local/**', ...ENTRIES], why: 'Only src/main.ts starts src/local.' },
  {
    files: ['**'],
    may: ['**'],
    never: [...SDK, 'local/**', ...APP],
    why: 'Nothing runs back up, and only src/main.ts starts src/local.',
  },
];
