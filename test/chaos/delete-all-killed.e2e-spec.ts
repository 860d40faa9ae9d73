import { setTimeout as sleep } from 'node:timers/promises';
import { GetCommand, paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { toTurnItems } from '../../src/chat/storage/items/turn-item.js';
import type { RunningTurn } from '../../src/chat/model/turn.js';
import { TableSettings } from '../../src/config/settings.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { DynamoTable } from '../../src/dynamodb/dynamo-table.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, startServer } from '../support/spawned-server.js';
import { tokenOf } from '../support/tokens.js';

const CHATS = 100;
const TURNS = 3;
/** One chat of so many has a session. */
const SESSION_EVERY = 4;
/** Deletes that one request runs at the same time. */
const DELETES_AT_ONCE = 10;

type Item = Readonly<Record<string, unknown>>;

describe(`DELETE /chats for ${CHATS} chats of ${TURNS} turns, killed half-way`, () => {
  let parts: ServerParts;

  beforeAll(async () => {
    parts = await startServerParts();
    await putChats('alice', CHATS);
    await putChats('bob', 1);
  });
  afterAll(async () => {
    await killServers();
    await parts.close();
  });

  /** Puts chats straight into the table, each with its turns, and some with a session of the agent. */
  async function putChats(user: string, count: number): Promise<void> {
    const items = Array.from({ length: count }, (_, index) => {
      const id = `${user}-${index}`;
      const at = new Date(Date.UTC(2026, 0, 1) + index).toISOString();
      const session = index % SESSION_EVERY === 0 && { session: { gen: `lease of ${id}`, at, since: at } };
      const times = { created_at: at, updated_at: at, ended_at: at };
      const head = { id, user_id: user, title: id, turns: TURNS, ...times, ...session };
      const turns = Array.from({ length: TURNS }, (_turn, number) => {
        const turn = { chat: { id, userId: user }, lease: `${number}`, prompt: 'prompt', at } as RunningTurn;
        const outcome = { status: 'done', reply: 'reply', citations: [] } as const;
        return toTurnItems(turn, outcome, { number: number + 1, doneAt: at, expiry: {} }).turnItem;
      });
      return [head, ...turns];
    }).flat() as Item[];
    const settings = new TableSettings(loadEnvironment(parts.variables));
    await new DynamoTable(parts.table, settings).replace(items);
  }

  async function readAll(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of paginateScan({ client: parts.table }, { TableName: parts.tableName })) {
      items.push(...(page.Items ?? []));
    }
    return items;
  }

  /** Waits until the head of a chat is a tombstone. The newest chats are deleted first. */
  async function untilDeleted(id: string): Promise<void> {
    const get = new GetCommand({ TableName: parts.tableName, Key: { id, user_id: 'alice' } });
    while (!isTombstone((await parts.table.send(get)).Item ?? {})) await sleep(20);
  }

  const isTombstone = (item: Item) => Object.keys(item).toSorted().join() === 'deleted_at,expires_at,id,user_id';
  const ofAlice = (items: readonly Item[]) => items.filter(({ user_id: key }) => String(key).split('#')[0] === 'alice');

  /** Deletes all chats. A busy machine needs more requests than one. @returns the last status. */
  async function deleteAll(url: string): Promise<number> {
    const { status } = await fetch(`${url}/chats`, { method: 'DELETE', headers: { id_token: tokenOf('alice') } });
    return status === 503 ? deleteAll(url) : status;
  }

  it('is finished by its repetition, and leaves nothing but tombstones', async () => {
    const doomed = await startServer(parts.variables);
    const lost = deleteAll(doomed.url).catch(() => 'lost');
    await untilDeleted(`alice-${CHATS / 2}`);
    await doomed.end('SIGKILL');
    expect(await lost).toBe('lost');
    const left = ofAlice(await readAll()).filter((item) => !isTombstone(item));
    expect(left.length).toBeGreaterThan((CHATS * TURNS) / 4);
    expect(left.length).toBeLessThan(CHATS * (TURNS + 1) * 0.75);

    const { url } = await startServer(parts.variables);
    expect(await deleteAll(url)).toBe(204);
    const items = await readAll();
    expect(ofAlice(items).filter((item) => !isTombstone(item))).toEqual([]);
    expect(ofAlice(items).length).toBeGreaterThanOrEqual(CHATS * (TURNS + 1));
    expect(items.filter((item) => !isTombstone(item))).toHaveLength(TURNS + 1);
    const list = await fetch(`${url}/chats`, { headers: { id_token: tokenOf('alice') } });
    expect(await list.json()).toEqual({ chats: [] });

    // No session is ended twice. The kill loses those of the deletes that ran.
    const ended = parts.agent.invocations.filter(({ endSession }) => endSession).map(({ sessionId }) => sessionId);
    expect(new Set(ended).size).toBe(ended.length);
    expect(ended.length).toBeGreaterThanOrEqual(CHATS / SESSION_EVERY - DELETES_AT_ONCE);

    expect(await deleteAll(url)).toBe(204);
    expect(await readAll()).toEqual(items);
  }, 600_000);
});
