import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { paginateScan } from '@aws-sdk/lib-dynamodb';
import { startEmbeddedTable } from './embedded-table.js';

type Item = Record<string, unknown>;

export interface ChatOnDisk {
  readonly id: string;
  readonly user: string;
}

/** The data that a server in local mode has left in its folder. */
export interface LeftOnDisk {
  /** Every chat with its user. */
  readonly chats: readonly ChatOnDisk[];
  /** The prompts of all turns that have begun, open or ended. */
  readonly begun: readonly string[];
  /** The prompts that the emulated agent remembers. */
  readonly remembered: readonly string[];
}

/** Reads the whole embedded table of a server that has ended. */
export async function readTableOnDisk(dataDir: string): Promise<LeftOnDisk> {
  const embedded = await startEmbeddedTable(join(dataDir, 'dynamodb'));
  const { table, environment } = embedded;
  try {
    const items: Item[] = [];
    for await (const page of paginateScan({ client: table }, { TableName: environment.DYNAMODB_TABLE })) {
      items.push(...(page.Items ?? []));
    }
    return {
      chats: items.flatMap(({ id, user_id: user }) => (String(user).includes('#') ? [] : [{ id, user } as ChatOnDisk])),
      begun: items.flatMap(({ open, prompt = (open as Item | undefined)?.['prompt'] }) =>
        typeof prompt === 'string' ? [prompt] : [],
      ),
      remembered: await rememberedPrompts(dataDir),
    };
  } finally {
    await embedded.close();
  }
}

/** Returns nothing if the agent's file was cut off while it was written. */
async function rememberedPrompts(dataDir: string): Promise<string[]> {
  try {
    const sessions: [string, { prompts: string[] }][] = JSON.parse(
      await readFile(join(dataDir, 'agent-sessions.json'), 'utf8'),
    );
    return sessions.flatMap(([, { prompts }]) => prompts);
  } catch {
    return [];
  }
}
