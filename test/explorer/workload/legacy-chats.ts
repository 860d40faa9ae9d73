import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { turnSortKey } from '../../../src/chat/storage/items/turn-keys.js';
import { TABLE_NAME } from '../world/service-parts.js';
import type { Run } from './run.js';

/** Ranges of replaced turns, as a full head has them: turn 2, and fifteen of two turns. */
const FULL = ['2', ...Array<string>(15).fill('2+1')].join();
/** The number of the newest turn of a chat with a full head. */
export const FULL_TURNS = 48;

/** Puts the chats that the original system has left: messages in the head, and no turns. */
export function putLegacyChats({ schedule, table, world, chatIds, ledger }: Run): void {
  for (const [index, { user, legacyBytes, isFull }] of schedule.chats.entries()) {
    if (legacyBytes === 0) continue;
    const id = `legacy-${index}`;
    const messages = [
      { role: 'user', content: 'before' },
      { role: 'assistant', content: 'x'.repeat(legacyBytes) },
    ];
    const updatedAt = new Date(schedule.start - 60_000).toISOString();
    const head = { id, user_id: user, messages, updated_at: updatedAt };
    const put = (Item: object) =>
      table.execute(new PutCommand({ TableName: TABLE_NAME, Item: { ...Item } }), { now: world.now });
    put(isFull ? { ...head, turns: FULL_TURNS, hidden: FULL } : head);
    if (isFull) put({ id, user_id: turnSortKey(user, 2), prompt: 'replaced', answer: 'replaced', status: 'done' });
    ledger.legacyOwners.set(id, user);
    chatIds[index] = id;
  }
}
