import { describe, expect, it } from '@jest/globals';
import type { AgentEvent } from '../agent.js';
import { GivenUpSessions } from './given-up-sessions.js';

const TEXT: AgentEvent = { type: 'text', text: 'hello' };
const END: AgentEvent = { type: 'end', reason: 'stop' };

/** Reads a reply that is aborted behind these events. @returns the sessions that were ended. */
async function endedBehind(...events: readonly AgentEvent[]): Promise<string[]> {
  const ended: string[] = [];
  const sessions = new GivenUpSessions(async (sessionId) => void ended.push(sessionId));
  const caller = new AbortController();
  async function* reply(): AsyncGenerator<AgentEvent> {
    yield* events;
    caller.abort(new Error('given up'));
    throw caller.signal.reason;
  }
  const reading = async () => {
    for await (const event of sessions.follow(reply(), 'session', caller.signal)) expect(event).toBeDefined();
  };
  await expect(reading()).rejects.toThrow('given up');
  await sessions.idle();
  return ended;
}

describe('a reply that is given up', () => {
  it('ends its session before its end', async () => {
    expect(await endedBehind(TEXT)).toEqual(['session']);
  });

  it('keeps its session behind its end, because the next turn goes on in it', async () => {
    expect(await endedBehind(TEXT, END)).toEqual([]);
  });
});
