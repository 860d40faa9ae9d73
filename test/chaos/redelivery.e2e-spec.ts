import { DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ChatApp, startChatApp } from '../support/chat-app.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { type Redelivery, startStorageFaults, type StorageFaults } from '../support/storage-faults.js';

const LANES = 3;
const KEPT_CHATS = 3;
const TURNS = 4;
/** Deleted chats of each lane. There are enough to repeat each kind of write after a delete. */
const DELETED_CHATS = 4;
const TURNS_BEFORE_DELETE = 4;
/** Chats of each lane whose user deletes all of them at once. */
const DELETED_AT_ONCE = 2;
const KEPT_TURNS = LANES * KEPT_CHATS * TURNS;
const DELETED_TURNS = LANES * (DELETED_CHATS + DELETED_AT_ONCE) * TURNS_BEFORE_DELETE;
/** High, so that few turns meet many repetitions. */
const PROBABILITY = 0.45;
const WRITES = ['begin', 'complete', 'release', 'recover', 'rename', 'delete'] as const;
/** Two items. */
const LARGE = '[[fault chunks bytes=300001]]';

interface Pair {
  readonly prompt: string;
  readonly response: string;
}
type StoredItem = Readonly<Record<string, unknown>> & { readonly id: string; readonly user_id: string };

describe('a table that delivers 45 % of all writes twice', () => {
  const seed = testSeed();
  const random = seededRandom(seed);
  const kept = new Map<string, Pair[]>();
  const deleted = new Set<string>();
  let app: ChatApp;
  let faults: StorageFaults;

  beforeAll(async () => {
    app = await startChatApp();
    faults = await startStorageFaults(app.nest.get(DynamoDBDocumentClient));
    const chance = { probability: PROBABILITY, random };
    for (const step of WRITES) {
      let count = 0;
      faults.inject(() => ({ type: 'redelivery', after: timeOf((count += 1)) }), { steps: [step], chance });
    }
  });
  afterAll(async () => {
    faults.close();
    await app.close();
  });

  /** Each kind of write has all times in turn, so that few turns are enough. */
  function timeOf(count: number): Redelivery {
    const times: Redelivery[] = ['at once', 'release', 'begin', 'delete', { calls: 1 + Math.floor(random() * 40) }];
    return times[count % times.length]!;
  }

  /**
   * Runs turns in a new chat, which is renamed twice meanwhile. Some have a key, and a few have a reply of several
   * items.
   */
  async function converse(name: string, turns: number, user = 'alice'): Promise<[string, Pair[]]> {
    const pairs: Pair[] = [];
    let chatId: string | undefined;
    for (let turn = 1; turn <= turns; turn += 1) {
      const prompt = `${name}, turn ${turn} ${random() < 0.05 ? LARGE : ''}`;
      const key: Record<string, string> = random() < 0.5 ? { 'idempotency-key': `${name}-${turn}` } : {};
      const { body, status } = await app.chat({ prompt, chat_id: chatId }, user, key);
      expect([status, body.error]).toEqual([200, undefined]);
      chatId = body.chat.id as string;
      pairs.push({ prompt, response: body.response });
      if (turn <= 2) await app.rename(chatId, { title: turn === 1 ? 'another' : toTitle(name) }, user).expect(200);
    }
    return [chatId!, pairs];
  }

  async function lane(number: number): Promise<void> {
    for (let chat = 1; chat <= KEPT_CHATS; chat += 1) {
      const [id, pairs] = await converse(`lane ${number}, chat ${chat}`, TURNS);
      kept.set(id, pairs);
    }
    for (let chat = 1; chat <= DELETED_CHATS; chat += 1) {
      const [doomed] = await converse(`lane ${number}, doomed ${chat}`, TURNS_BEFORE_DELETE);
      expect((await app.remove(doomed)).status).toBe(204);
      deleted.add(doomed);
    }
    const user = `user ${number}`;
    for (let chat = 1; chat <= DELETED_AT_ONCE; chat += 1) {
      deleted.add((await converse(`lane ${number}, doomed at once ${chat}`, TURNS_BEFORE_DELETE, user))[0]);
    }
    expect((await app.removeAll(user)).status).toBe(204);
  }

  const toTitle = (name: string) => `Renamed ${name}`;

  async function allItems(): Promise<StoredItem[]> {
    const items: StoredItem[] = [];
    let startKey: Record<string, unknown> | undefined;
    do {
      const page = await app.table.send(
        new ScanCommand({
          TableName: app.environment.DYNAMODB_TABLE,
          ConsistentRead: true,
          ExclusiveStartKey: startKey,
        }),
      );
      items.push(...((page.Items ?? []) as StoredItem[]));
      startKey = page.LastEvaluatedKey;
    } while (startKey);
    return items;
  }

  it(`answers ${KEPT_TURNS} turns, and ${DELETED_TURNS} in chats that are deleted`, async () => {
    console.log(`redelivery: TEST_SEED=${seed}`);
    await Promise.all(Array.from({ length: LANES }, (_lane, number) => lane(number + 1)));
    await faults.deliverRest();
    expect([...kept.values()].flat()).toHaveLength(KEPT_TURNS);
    expect(deleted.size).toBe(LANES * (DELETED_CHATS + DELETED_AT_ONCE));
  }, 600_000);

  it('asks the agent once for each turn', () => {
    // The end of a session is an invocation too.
    const prompts = app.agent.invocations.filter(({ endSession }) => !endSession).map(({ prompt }) => prompt);
    expect(prompts).toHaveLength(KEPT_TURNS + DELETED_TURNS);
    expect(new Set(prompts).size).toBe(KEPT_TURNS + DELETED_TURNS);
  });

  it('repeats every kind of write at every time, and refuses each second begin, release and rename', () => {
    const inTime = faults.repeated.filter(({ after }) => after !== 'rest');
    const seen = new Set(inTime.map(({ step, after }) => `${step} ${typeof after === 'object' ? 'calls' : after}`));
    for (const step of ['begin', 'complete', 'release']) {
      for (const after of ['at once', 'release', 'begin', 'delete', 'calls'])
        expect(seen).toContain(`${step} ${after}`);
    }
    expect(inTime.length).toBeGreaterThan(75);
    expect(inTime.filter(({ step }) => step === 'rename').length).toBeGreaterThan(5);
    const letIn = faults.repeated.filter(({ isRefused }) => !isRefused).map(({ step }) => step);
    expect(new Set(letIn)).toEqual(new Set(['complete', 'delete']));
  });

  it('shows each turn once, complete and in order, under the last title', async () => {
    for (const [id, pairs] of kept) {
      const { messages, title } = (await app.read(id).expect(200)).body.chat;
      expect(title).toBe(toTitle(pairs[0]!.prompt.split(', turn')[0]!));
      const expected = pairs.flatMap(({ prompt, response }) => [
        { role: 'user', content: prompt },
        { role: 'assistant', content: response },
      ]);
      const older = messages.length < expected.length ? expected.slice(-messages.length) : expected;
      expect(messages).toMatchObject(older);
    }
    for (const id of deleted) await app.read(id).expect(404);
    const listed = (await app.list({ limit: '100' }).expect(200)).body.chats.map(({ id }: StoredItem) => id);
    expect(listed.toSorted()).toEqual([...kept.keys()].toSorted());
  });

  it('keeps no item without a turn', async () => {
    const items = await allItems();
    const tombstones = items.filter((item) => deleted.has(item.id));
    for (const item of tombstones) {
      expect(Object.keys(item).toSorted()).toEqual(['deleted_at', 'expires_at', 'id', 'user_id']);
    }
    const live = items.filter((item) => !deleted.has(item.id));
    expect(live.filter((item) => !kept.has(item.id))).toEqual([]);
    for (const [id, pairs] of kept) {
      const [head, ...rest] = live
        .filter((item) => item.id === id)
        .toSorted((a, b) => (a.user_id < b.user_id ? -1 : 1));
      expect(head).toMatchObject({ user_id: 'alice', turns: pairs.length });
      expect(head).not.toHaveProperty('open');
      const turns = rest.filter((item) => 'status' in item);
      expect(turns.map(({ prompt, status }) => [prompt, status])).toEqual(pairs.map(({ prompt }) => [prompt, 'done']));
      const parts = turns.reduce((sum, { parts: more = 0 }) => sum + Number(more), 0);
      expect(rest.filter((item) => 'text' in item)).toHaveLength(parts);
      expect(rest).toHaveLength(turns.length + parts);
    }
  });
});
