import { describe, expect, it } from '@jest/globals';
import { toAgentSessionId } from '../agent-session.js';
import { toRuntimeSessionId } from './runtime-session.js';

/** The pattern and the lengths of `runtimeSessionId` (API reference of InvokeHarness). */
const RUNTIME_SESSION_ID = /^[a-zA-Z0-9][a-zA-Z0-9-_]{32,99}$/;

describe('toRuntimeSessionId', () => {
  it('makes an id that a harness accepts of every session id, and keeps different ids apart', () => {
    const ids = Array.from({ length: 200_000 }, (_, turn) =>
      toAgentSessionId('alice', `chat ${turn}`, `lease ${turn}`),
    );
    const made = new Set(ids.map(toRuntimeSessionId));
    expect([...made].filter((id) => !RUNTIME_SESSION_ID.test(id))).toEqual([]);
    expect(made.size).toBe(ids.length);
    // About one id in 32 would be refused without it.
    expect(ids.filter((id) => !RUNTIME_SESSION_ID.test(id)).length).toBeGreaterThan(1_000);
  });
});
