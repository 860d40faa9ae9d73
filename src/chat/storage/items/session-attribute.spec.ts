import { describe, expect, it } from '@jest/globals';
import type { AgentMemory } from '../../model/turn.js';
import type { HeadItem, SessionAttribute } from './head-item.js';
import { toSessionAttribute, toTurnSession } from './session-attribute.js';
import { toOpenTurn } from './turn-lease.js';

const MEMORY: AgentMemory = { agent: 'agent', ownsUnnamedSessions: false, idleSeconds: 900, maxSeconds: 28_800 };
const TURN_SECONDS = 290;

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

/** Whether a turn of 290 s that begins now continues the session. */
function continues(
  session: Partial<SessionAttribute>,
  memory: Partial<AgentMemory> = {},
  attributeNames?: readonly string[],
): boolean {
  const open = toOpenTurn('hello', Date.now() + TURN_SECONDS * 1000);
  const head: HeadItem = {
    id: 'chat',
    user_id: 'alice',
    session: { gen: 'one', at: ago(1), agent: 'agent', ...session },
  };
  return !toTurnSession(head, open, { memory: { ...MEMORY, ...memory }, ...(attributeNames && { attributeNames }) })
    .isNew;
}

describe('the session of a turn', () => {
  it.each([
    ['goes on well before its greatest age', 20_000, true],
    ['goes on if the whole turn and its margins fit before its greatest age', 28_800 - TURN_SECONDS - 30, true],
    ['is new if the old session could reach its greatest age during the turn', 28_800 - TURN_SECONDS + 5, false],
    ['is new past the greatest age', 28_900, false],
  ])('%s', (_title, ageSeconds, expected) => {
    expect(continues({ since: ago(ageSeconds) })).toBe(expected);
  });

  it('has any age if the agent has no greatest age', () => {
    expect(continues({ since: ago(1_000_000) }, { maxSeconds: undefined })).toBe(true);
  });

  it.each([
    ['goes on within the idle time of the agent, however long the turn may take', 880, true],
    ['is new within 10 s of the end of the idle time', 895, false],
  ])('%s', (_title, idleSeconds, expected) => {
    expect(continues({ at: ago(idleSeconds), since: ago(1_000) })).toBe(expected);
  });

  it('goes on only with the agent that held it', () => {
    expect(continues({ agent: 'another' })).toBe(false);
  });

  it.each([
    [undefined, undefined, true],
    [undefined, ['email'], true],
    [['email'], ['email', 'tenant'], true],
    [['email', 'tenant'], ['tenant', 'email'], true],
    [['email', 'tenant'], ['email'], false],
    [['email'], undefined, false],
  ])('with the attributes %j goes on with %j: %s', (attributes, names, expected) => {
    expect(continues({ ...(attributes && { attributes }) }, {}, names)).toBe(expected);
  });

  it('is kept with the names of its attributes, if it has any', () => {
    const session = { generation: 'one', isNew: false, since: ago(60), attributeNames: [] };
    const kept = { gen: 'one', at: '2024-01-01T12:00:00.000Z', since: session.since, agent: 'agent' };
    const now = Date.parse(kept.at);
    expect(toSessionAttribute(session, 'agent', now)).toEqual(kept);
    expect(toSessionAttribute({ ...session, attributeNames: ['email'] }, 'agent', now)).toEqual({
      ...kept,
      attributes: ['email'],
    });
  });
});
