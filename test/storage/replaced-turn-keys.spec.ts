import { describe, expect, it } from '@jest/globals';
import type { TurnOutcome } from '../../src/chat/model/chat.js';
import { IdempotencyKeyReusedError, ReplacedMessageNotFoundError } from '../../src/chat/model/chat.errors.js';
import type { Replacement, RunningTurn } from '../../src/chat/model/turn.js';
import { readHead } from '../support/chat-items.js';
import { useChatStore } from '../support/chat-store.js';
import { failed, TurnRunner } from '../support/turn-runner.js';

const torn: TurnOutcome = { status: 'partial', reply: 'half', citations: [] };
const from = (number: number): Replacement => ({ kind: 'from', number, role: 'user' });
const after = (...numbers: number[]): Replacement => ({ kind: 'after', numbers });
const said = (...prompts: string[]) => prompts.map((prompt) => [prompt, `re ${prompt}`]);

describe('a turn with a key that replaces others', () => {
  const store = useChatStore();
  const alice = new TurnRunner(store, 'alice');

  const send = (prompt: string, chatId: string, replacement: Replacement, key?: string) =>
    alice.send({ prompt, chatId, key, replacement });
  async function sendAndEnd(prompt: string, chatId: string, replacement: Replacement): Promise<void> {
    await alice.end((await send(prompt, chatId, replacement)) as RunningTurn);
  }

  it.each([from(2), after(1)])('is replayed, and runs once: %o', async (replacement) => {
    const chatId = await alice.converse(3);
    await alice.end((await send('new', chatId, replacement, 'key')) as RunningTurn);
    expect(await send('new', chatId, replacement, 'key')).toMatchObject({
      number: 4,
      message: { content: 're new' },
    });
    expect(await alice.readTurns(chatId)).toEqual(said('one', 'new'));
  });

  it('is replayed after it was replaced itself', async () => {
    const chatId = await alice.converse(1);
    await alice.end((await send('new', chatId, from(1), 'key')) as RunningTurn);
    await sendAndEnd('newer', chatId, from(2));
    expect(await send('new', chatId, from(1), 'key')).toMatchObject({ number: 2, message: { content: 're new' } });
    expect(await alice.readTurns(chatId)).toEqual(said('newer'));
  });

  it.each([
    ['another message', from(1)],
    ['no message', undefined],
  ])('is refused for %s', async (_, replacement) => {
    const chatId = await alice.converse(2);
    const running = (await send('new', chatId, from(2), 'key')) as RunningTurn;
    const repeat = () => alice.send({ prompt: 'new', chatId, key: 'key', replacement });
    await expect(repeat()).rejects.toThrow(IdempotencyKeyReusedError);
    await alice.end(running, failed);
    await expect(repeat()).rejects.toThrow(IdempotencyKeyReusedError);
    await alice.turn('ordinary', chatId, 'other');
    await expect(send('ordinary', chatId, from(1), 'other')).rejects.toThrow(IdempotencyKeyReusedError);
  });

  it.each([
    ['failed', failed],
    ['tore', torn],
  ])('runs again after it %s, and replaces the same turns', async (_, outcome) => {
    const chatId = await alice.converse(3);
    await alice.end((await send('new', chatId, from(2), 'key')) as RunningTurn, outcome);
    await alice.end((await send('new', chatId, from(2), 'key')) as RunningTurn);
    expect(await alice.readTurns(chatId)).toEqual(said('one', 'new'));
    expect((await readHead(store, chatId))?.['hidden']).toBe('2+2');
  });

  it('does not run again if other turns have taken its place', async () => {
    const chatId = await alice.converse(2);
    await alice.end((await send('new', chatId, from(2), 'key')) as RunningTurn, torn);
    await sendAndEnd('newer', chatId, from(1));
    await expect(send('new', chatId, from(2), 'key')).rejects.toThrow(ReplacedMessageNotFoundError);
    expect(await alice.readTurns(chatId)).toEqual(said('newer'));
  });
});
