import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Item } from '../../src/dynamodb/dynamo-table.js';
import { isTombstone } from '../../src/chat/storage/items/tombstone.js';
import { askTurn } from '../support/chat-client.js';
import { type Gate, startGate } from '../support/gate.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, spawnServer, startServer } from '../support/spawned-server.js';
import { tokenOf } from '../support/tokens.js';

const ALICE = 'alice';

/** The table outlives the processes. A gate before it holds one call, and the process that sent it is killed. */
describe('a chat whose delete is killed after its mark', () => {
  let parts: ServerParts;
  let gate: Gate;
  let holds = false;
  let onHeld = () => {};
  let variables: Readonly<Record<string, string>>;

  beforeAll(async () => {
    parts = await startServerParts();
    gate = await startGate(
      parts.variables['AWS_ENDPOINT_URL_DYNAMODB']!,
      ({ headers }) => (holds && String(headers['x-amz-target']).endsWith('BatchWriteItem') ? 'hold' : 'forward'),
      () => onHeld(),
    );
    variables = {
      ...parts.variables,
      AWS_ENDPOINT_URL_DYNAMODB: gate.endpoint,
      DYNAMODB_TABLE: parts.tableName,
    };
  });
  afterAll(async () => {
    await killServers();
    await gate.close();
    await parts.close();
  });

  async function listKept(): Promise<Item[]> {
    const items: Item[] = [];
    for await (const page of paginateScan({ client: parts.table }, { TableName: parts.tableName })) {
      items.push(...(page.Items ?? []));
    }
    return items.filter((item) => !isTombstone(item));
  }

  it('goes with npm run table -- --sweep, which may be killed too', async () => {
    const server = await startServer(variables);
    const { url } = server;
    const { body } = await askTurn(url, ALICE, { prompt: 'to delete' });
    const chat_id = body.chat.id;
    await askTurn(url, ALICE, { prompt: 'long [[fault chunks bytes=700000]]', chat_id });
    await askTurn(url, ALICE, { prompt: 'to keep' });
    expect((await listKept()).filter(({ id }) => id === chat_id)).toHaveLength(5);

    let held = new Promise<void>((resolve) => (onHeld = resolve));
    holds = true;
    const request = { method: 'DELETE', headers: { id_token: tokenOf(ALICE) } };
    const lost = fetch(`${url}/chats/${chat_id}`, request).catch(() => 'lost');
    await held;
    await server.end('SIGKILL');
    expect(await lost).toBe('lost');
    expect((await listKept()).filter(({ id }) => id === chat_id)).toHaveLength(5);

    held = new Promise<void>((resolve) => (onHeld = resolve));
    const killed = spawnServer(variables, { script: ['scripts/table.ts', '--sweep'] });
    await held;
    await killed.end('SIGKILL');

    holds = false;
    const sweep = spawnServer(variables, { script: ['scripts/table.ts', '--sweep'] });
    expect(await sweep.exited).toBe(0);
    expect(sweep.printed).toMatch(
      /^Swept table \S+ \(\S+\): looked at \d+ items, finished 1 delete, removed what was left of 0 expired chats$/m,
    );
    const kept = await listKept();
    expect(kept.filter(({ id }) => id === chat_id)).toEqual([]);
    expect(kept).toHaveLength(2);
  });

  it('says in one line why the table cannot be swept', async () => {
    const changes = { DYNAMODB_TABLE: 'nobody-made-it' };
    const sweep = spawnServer({ ...variables, ...changes }, { script: ['scripts/table.ts', '--sweep'] });
    expect(await sweep.exited).toBe(1);
    expect(sweep.printed).toMatch(
      /^Sweeping table nobody-made-it \(\S+\)\nTable nobody-made-it cannot be swept \(\S+\): it does not exist\n$/,
    );
  });

  it('refuses an option that it does not have', async () => {
    const sweep = spawnServer(variables, { script: ['scripts/table.ts', '--swep'] });
    expect(await sweep.exited).toBe(1);
    expect(sweep.printed).toContain('Usage: npm run table');
  });
});
