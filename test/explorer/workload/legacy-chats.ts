import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { TABLE_NAME } from '../world/service-parts.js';
import type { Run } from './run.js';

/** Puts the chats that the original system has left: messages in the head, and no turns. */
export function putLegacyChats({ schedule, table, world, chatIds, ledger }: Run): void {
  for (const [index, { user, legacyBytes }] of schedule.chats.entries()) {
    if (legacyBytes === 0) continue;
    const id = `legacy-${index}`;
    const messages = [
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'x'.repeat(legacyBytes) },
    ];
    const updatedAt = new Date(schedule.start - 60_000).toISOString();
    const item = { id, user_id: user, messages, updated_at: updatedAt };
    table.execute(new PutCommand({ TableName: TABLE_NAME, Item: item }), { now: world.now });
    ledger.legacyOwners.set(id, user);
    chatIds[index] = id;
  }
}
