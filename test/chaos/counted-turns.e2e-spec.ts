import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { settled } from '../../src/app.js';
import { hasBegun, type TurnRequest } from '../../src/chat/model/turn.js';
import { DynamoChatRepository } from '../../src/chat/storage/dynamo-chat.repository.js';
import type { AgentEmulator } from '../../src/local/emulator/agent-server.js';
import { startConverseEmulator } from '../../src/local/emulator/converse/server.js';
import { TurnQuota } from '../../src/usage/turn-quota.js';
import { type ChatApp, startChatAppWith } from '../support/chat-app.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { startStorageFaults, type StorageFaults } from '../support/storage-faults.js';
import { done, MEMORY } from '../support/turn-runner.js';

const TURNS = 15;
const DAY = new Date().toISOString().slice(0, 10).replaceAll('-', '');

describe('the counted turns of a user with two turns at once', () => {
  let app: ChatApp<AgentEmulator>;
  let faults: StorageFaults;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    const agent = {
      variables: { AGENT_MODEL_ID: 'amazon.nova-lite-v1:0' },
      endpointVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
      emulator: await startConverseEmulator(),
    };
    app = await startChatAppWith(agent, { TURNS_AT_ONCE: '2' });
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
  });
  beforeEach(() => {
    users += 1;
    user = `user-${users}`;
  });
  afterEach(() => faults.clear());
  afterAll(async () => {
    faults.close();
    await app.close();
  });

  async function readUsage(): Promise<Record<string, unknown>> {
    const Key = { id: `usage#${user}`, user_id: user };
    return (await app.table.send(new GetCommand({ TableName: app.environment.DYNAMODB_TABLE, Key }))).Item ?? {};
  }

  it('free their places however they end', async () => {
    const ends = ['http-error status=400', 'torn', 'empty', 'stream-exception', 'stop-reason reason=max_tokens'];
    for (const name of ends) {
      const { status } = await app.chat({ prompt: `turn [[fault ${name}]]` }, user);
      expect([name, status]).toEqual([name, name.startsWith('stop-reason') ? 200 : 502]);
    }
    expect(await readUsage()).not.toHaveProperty('running');
  });

  it.each(['begin', 'complete', 'release'] as const)('free their places if the table refuses each %s', async (step) => {
    faults.inject({ type: 'refused' }, { steps: [step] });
    for (let turn = 0; turn < 3; turn += 1) {
      const { status } = await app.chat({ prompt: 'hello' }, user);
      expect(status).toBe(step === 'release' ? 200 : 503);
      // The response to a begin that has failed does not wait for it.
      while ('running' in (await readUsage())) await new Promise(setImmediate);
    }
    faults.clear();
    await app.chat({ prompt: 'hello' }, user).expect(200);
  });

  it('keep the process until their place is free, though the table throttles', async () => {
    // Behind the write that takes the place. A response waits for one second.
    faults.inject({ type: 'throttle' }, { steps: ['quota'], skip: 1, times: 8 });
    await app.chat({ prompt: 'hello' }, user).expect(200);
    await settled(app.nest);
    expect(await readUsage()).not.toHaveProperty('running');
    expect(await readUsage()).toHaveProperty(`i${DAY}`);
  });

  it('are all in the usage, once, with their tokens, though half of the writes are delivered again', async () => {
    const random = seededRandom(testSeed());
    const again = () =>
      ({ type: 'redelivery', after: random() < 0.5 ? 'at once' : { calls: 1 + 10 * random() } }) as const;
    faults.inject(again, { chance: { probability: 0.5, random } });
    const tokens = { input: 0, output: 0 };
    for (let turn = 1; turn <= TURNS; turn += 1) {
      const { body } = await app.chat({ prompt: `turn ${turn}` }, user).expect(200);
      const { input_tokens: input, output_tokens: output } = body.chat.messages[1].usage as Record<string, number>;
      tokens.input += input ?? 0;
      tokens.output += output ?? 0;
      if (turn % 5 > 0) continue;
      await app.chat({ prompt: 'hello', chat_id: 'no-such-chat' }, user).expect(404);
    }
    await faults.deliverRest();
    const usage = await readUsage();
    expect(usage).toMatchObject({ [`t${DAY}`]: TURNS, [`i${DAY}`]: tokens.input, [`o${DAY}`]: tokens.output });
    expect(usage).not.toHaveProperty('running');
  });

  it('free the place of a turn that was stored before its process died, when the chat goes on', async () => {
    const chats = app.nest.get(DynamoChatRepository, { strict: false });
    const turn = { deadline: Date.now() + 60_000 };
    const request: TurnRequest = { prompt: 'last words', chatId: undefined, key: undefined };
    const { begun } = await app.nest
      .get(TurnQuota, { strict: false })
      .consume(user, turn, (lease) => chats.begin(user, request, { ...turn, lease, memory: MEMORY }));
    if (!hasBegun(begun)) throw new Error('the turn has not begun');
    await chats.complete(user, begun, done('reply'));
    await app.chat({ prompt: 'hello', chat_id: begun.chat.id }, user).expect(200);
    expect(await readUsage()).toMatchObject({ [`t${DAY}`]: 2 });
    expect(await readUsage()).not.toHaveProperty('running');
  });
});
