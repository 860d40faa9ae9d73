import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { EmulatedInvocation } from '../../src/local/emulator/bedrock-agent/invocation.js';
import { askTurn, readChat, turnsOf } from '../support/chat-client.js';
import { type Gate, type Passage, startGate } from '../support/gate.js';
import { type ServerParts, startServerParts } from '../support/server-parts.js';
import { killServers, type ListeningServer, startServer } from '../support/spawned-server.js';
import { agentStep, BOUNDARIES, type Boundary, standsAt, tableStep, type TurnCall } from '../support/turn-boundary.js';

const ALICE = 'alice';
const AGENT_TIMEOUT_SECONDS = 60;
/** A lease ends 15 s after its turn's deadline. */
const LEASE_SECONDS = AGENT_TIMEOUT_SECONDS + 15;

/** The kinds of turns when a server is killed. */
const SHAPES = [
  { isFirst: true, hasKey: false, replaces: false },
  { isFirst: true, hasKey: true, replaces: false },
  { isFirst: false, hasKey: false, replaces: false },
  { isFirst: false, hasKey: true, replaces: false },
  { isFirst: false, hasKey: false, replaces: true },
  { isFirst: false, hasKey: true, replaces: true },
];

/** A turn that is stopped at its boundary and then killed with its server. */
interface Victim {
  readonly boundary: Boundary;
  readonly isFirst: boolean;
  /** It replaces the turn before. */
  readonly replaces: boolean;
  readonly prompt: string;
  readonly key: string | undefined;
  /** The turns of its chat before. */
  readonly earlier: readonly object[];
  /** Known from the start, or from its begin. */
  chatId: string | undefined;
  isHeld: boolean;
}

/**
 * A server runs turns, and gates before the table and the agent stop each turn at a boundary. Then the server is killed.
 * The table, which is on disk, and the agent stay. Other servers find what is left. For the first one the leases still
 * run; the clock of the second one is past their end.
 */
describe('a server that is killed', () => {
  let folder: string;
  let parts: ServerParts;
  let gates: Gate[] = [];
  let server: ListeningServer;
  const victims: Victim[] = [];
  let isStopping = true;
  let invocationsBefore = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chat-kill-'));
    parts = await startServerParts(folder);
    const { table, agent } = {
      table: parts.variables['AWS_ENDPOINT_URL_DYNAMODB']!,
      agent: parts.variables['AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME']!,
    };
    gates = [await gateFor(table, tableStep), await gateFor(agent, agentStep)];
    const variables = {
      ...parts.variables,
      AGENT_TIMEOUT_MS: String(AGENT_TIMEOUT_SECONDS * 1000),
      AWS_ENDPOINT_URL_DYNAMODB: gates[0]!.endpoint,
      AWS_ENDPOINT_URL_BEDROCK_AGENT_RUNTIME: gates[1]!.endpoint,
    };
    await kill(await startServer(variables));
    isStopping = false;
    invocationsBefore = parts.agent.invocations.length;
    server = await startServer(variables);
    await checkWhileLeased();
    await server.end('SIGKILL');
    server = await startServer(variables, { clockAheadSeconds: LEASE_SECONDS });
  });

  afterAll(async () => {
    await killServers();
    await Promise.all(gates.map((gate) => gate.close()));
    await parts.close();
    await rm(folder, { recursive: true, force: true });
  });

  function gateFor(target: string, stepOf: (call: Parameters<typeof tableStep>[0]) => TurnCall | undefined) {
    const judge = (call: TurnCall | undefined): Passage => {
      const victim = victimOf(call);
      if (!isStopping || !call || !victim) return 'forward';
      if (call.step === 'begin') victim.chatId = call.chatId;
      if (!standsAt(victim.boundary, call.step)) return 'forward';
      return victim.boundary.name.startsWith('before') ? 'hold' : 'hold-reply';
    };
    return startGate(
      target,
      (call) => judge(stepOf(call)),
      (call) => (victimOf(stepOf(call))!.isHeld = true),
    );
  }

  const victimOf = (call: TurnCall | undefined) =>
    victims.find(({ prompt, chatId }) =>
      call?.prompt === undefined ? call && chatId === call.chatId : prompt === call.prompt,
    );

  /** Kills a server once a turn of each shape is stopped at each boundary. */
  async function kill(doomed: ListeningServer): Promise<void> {
    for (const shape of SHAPES) {
      for (const boundary of BOUNDARIES) victims.push(await prepare(doomed.url, boundary, shape));
    }
    const responses = Promise.allSettled(
      victims.map((victim) => askTurn(doomed.url, ALICE, toRequest(victim), victim.key)),
    );
    while (!victims.every(({ isHeld }) => isHeld)) await wait(10);
    await doomed.end('SIGKILL');
    expect((await responses).map(({ status }) => status)).toEqual(victims.map(() => 'rejected'));
  }

  const toRequest = ({ prompt, isFirst, replaces, chatId }: Victim) => ({
    prompt,
    chat_id: isFirst ? undefined : chatId,
    ...(replaces && { replace_from: `${chatId}:1:user` }),
  });

  /** The turns before the killed one. One that has stored its answer may have replaced them. */
  const listEarlier = ({ replaces, earlier }: Victim, isStored: boolean) => (replaces && isStored ? [] : earlier);

  async function prepare(url: string, boundary: Boundary, shape: (typeof SHAPES)[number]): Promise<Victim> {
    const { isFirst, hasKey, replaces } = shape;
    const kind = replaces ? 'replacing a turn' : isFirst ? 'opening a chat' : 'going on';
    const name = `killed ${boundary.name}, ${kind}${hasKey ? ' with a key' : ''}`;
    const opened = isFirst ? undefined : (await askTurn(url, ALICE, { prompt: `opening of ${name}` })).body;
    return {
      boundary,
      isFirst,
      replaces,
      prompt: name,
      key: hasKey ? `key of ${name}` : undefined,
      earlier: opened ? turnsOf(opened.chat) : [],
      chatId: opened?.chat.id,
      isHeld: false,
    };
  }

  const asked = ({ prompt }: Victim) => parts.agent.invocations.filter((call) => call.prompt === prompt).length;

  /** The sessions of a victim's chat before it was killed. */
  const sessionsBefore = ({ prompt }: Victim) =>
    parts.agent.invocations
      .slice(0, invocationsBefore)
      .filter((call) => call.prompt === prompt || call.prompt === `opening of ${prompt}`)
      .map(({ sessionId }) => sessionId);

  /** Lists the prompts that an invocation's session knows: from its histories, and from its complete turns. */
  function knownTo(call: EmulatedInvocation): string[] {
    const { invocations } = parts.agent;
    const earlier = invocations.slice(0, invocations.indexOf(call));
    const answered = earlier.filter(({ sessionId, outcome }) => sessionId === call.sessionId && outcome === 'replied');
    return [...answered.flatMap((turn) => [...toldTo(turn), turn.prompt]), ...toldTo(call)];
  }

  const toldTo = ({ conversationHistory = [] }: EmulatedInvocation) =>
    conversationHistory.filter(({ role }) => role === 'user').map(({ text }) => text);

  /** Right after the restart: stored replies are shown, other turns are pending and refuse a second turn. */
  async function checkWhileLeased(): Promise<void> {
    for (const victim of victims.filter(({ boundary: { hasBegun } }) => hasBegun)) {
      const { boundary, prompt, chatId } = victim;
      const { body } = await readChat(server.url, ALICE, chatId!);
      const own = { prompt, ...(boundary.isStored ? { answer: expect.any(String) } : { status: 'pending' }) };
      expect(turnsOf(body.chat)).toEqual([...listEarlier(victim, boundary.isStored), own]);
      if (boundary.isStored) continue;
      const refused = await askTurn(server.url, ALICE, { prompt: 'Too soon', chat_id: chatId });
      expect(refused).toMatchObject({
        status: 409,
        retryAfter: '5',
        text: '{"error":"A turn is already in progress"}',
      });
    }
  }

  describe.each(BOUNDARIES)('$name', ({ name, hasBegun, isStored }) => {
    const found = () => victims.filter(({ boundary }) => boundary.name === name);

    it('keeps acknowledged turns, and its own prompt if the turn had begun', async () => {
      for (const victim of found()) {
        const { prompt, chatId, isFirst } = victim;
        const earlier = listEarlier(victim, isStored);
        const { status, body } = await readChat(server.url, ALICE, chatId!);
        const own = { prompt, ...(isStored ? { answer: expect.stringContaining(prompt) } : { status: 'failed' }) };
        if (isFirst && !hasBegun) expect(status).toBe(404);
        else expect(turnsOf(body.chat)).toEqual(hasBegun ? [...earlier, own] : earlier);
      }
    });

    it('runs the same key again, or replays a stored reply without asking the agent', async () => {
      for (const victim of found().filter(({ key }) => key !== undefined)) {
        const { prompt, key, chatId, replaces } = victim;
        const askedBefore = asked(victim);
        expect(askedBefore).toBe(BOUNDARIES.findIndex((other) => other.name === name) < 2 ? 0 : 1);
        const { status, isReplay, body } = await askTurn(server.url, ALICE, toRequest(victim), key);
        expect({ status, isReplay }).toEqual({ status: 200, isReplay: isStored });
        expect(asked(victim)).toBe(isStored ? askedBefore : askedBefore + 1);
        expect(body.chat.id).toBe(chatId);
        expect(turnsOf(body.chat)).toEqual([
          ...listEarlier(victim, true),
          ...(hasBegun && !isStored && !replaces ? [{ prompt, status: 'failed' }] : []),
          { prompt, answer: body.response },
        ]);
      }
    });

    it('lets the chat continue, in a session that knows each turn once', async () => {
      for (const victim of found()) {
        const { chatId, isFirst, key, replaces } = victim;
        if (isFirst && !hasBegun && key === undefined) continue;
        const before = turnsOf((await readChat(server.url, ALICE, chatId!)).body.chat);
        const { status, body } = await askTurn(server.url, ALICE, { prompt: 'And then?', chat_id: chatId });
        expect(status).toBe(200);
        expect(turnsOf(body.chat)).toEqual([...before, { prompt: 'And then?', answer: body.response }]);
        const call = parts.agent.invocations.at(-1)!;
        const answered = before.filter((turn) => 'answer' in turn).map(({ prompt }) => prompt);
        expect(knownTo(call)).toEqual(answered);
        const sessions = sessionsBefore(victim);
        // An unreleased turn ends its session. A turn that never began leaves it unchanged, until it is repeated.
        const isRepeatedAnew = replaces && key !== undefined;
        const goesOn = name === 'after release' || (!hasBegun && !isRepeatedAnew);
        if (sessions.length > 0) expect(sessions.includes(call.sessionId)).toBe(goesOn);
      }
    });
  });
});
