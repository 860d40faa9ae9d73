import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '../test/support/seeded-random.js';
import { percentile } from './figures.js';
import { type HangingAgent, startHangingAgent } from './hanging-agent.js';
import { buildPackage } from './lambda/contestants.js';
import { serveFunctions } from './lambda/served-functions.js';
import { type MeasuredServer, startPart, startServer, tokenOf } from './measured-server.js';
import { benchStopLooks } from './stop-looks.js';

const TURNS = 60;
/** Turns that are measured at the same time. */
const AT_ONCE = 6;
/** A stop comes at any time between two looks of a process. */
const SPREAD_MILLISECONDS = 1_000;
/** Environments of each function of the package. Each handles one event at a time. */
const ENVIRONMENTS = 3;
const HEADERS = { id_token: tokenOf('bench'), 'content-type': 'application/json' };

/** A server, or the functions behind one. */
type Server = Pick<MeasuredServer, 'url'>;

/** A turn whose agent does not end it. */
interface RunningTurn {
  readonly prompt: string;
  readonly chatId: string;
  /** Reads its stream to the end; undefined if the connection was lost. */
  readonly read: Promise<string | undefined>;
}

/**
 * Prints how long a stop takes until the agent's call has ended, and a supersession until its own first event. Then it
 * prints what looking for stops costs. Servers, functions and table have processes of their own. The agent and the
 * clients share this one.
 *
 * @throws Error when a response is wrong.
 */
export async function benchStop(): Promise<void> {
  buildPackage();
  const agent = await startHangingAgent();
  const options = { agent: agent.endpoint, table: await startPart('table') };
  const [own, other, doomed] = await Promise.all([
    startServer('ours', options),
    startServer('ours', options),
    startServer('ours', options),
  ]);
  const near = await measureTurns((turn) => stop(own, agent, turn), [own]);
  const far = await measureTurns((turn) => stop(other, agent, turn), [own]);
  const nearer = await measureTurns((turn) => supersede(own, turn), [own]);
  const alive = await measureTurns((turn) => supersede(other, turn), [own]);
  const killed = await measureKilled(doomed, other);
  const functions = await Promise.all(Array.from({ length: ENVIRONMENTS }, () => serveFunctions(options)));
  // Its stream has one function, and the stop goes to the other.
  const functional = await measureTurns((turn, served) => stop(served, agent, turn), functions);
  for (const each of functions) each.stop();
  console.log(`${TURNS} turns each, two servers on one table:\n`);
  console.log('                                              p50        p95        ×');
  print('stop, in the process of the turn', near, near);
  print('stop, in another process', far, near);
  print('stop, in the other function of the package', functional, near);
  print('supersede, in the process of the turn', nearer, nearer);
  print('supersede, in another process', alive, nearer);
  print('supersede, the process of the turn is killed', killed, nearer);
  for (const server of [own, other]) server.stop();
  await benchStopLooks();
}

function print(name: string, times: readonly number[], base: readonly number[]): void {
  const [p50, p95] = [50, 95].map((rank) => percentile(times, rank)) as [number, number];
  const cells = [p50, p95].map((value) => `${value.toFixed(0).padStart(8)} ms`);
  console.log(`${name.padEnd(45)}${cells.join('')}${(p50 / percentile(base, 50)).toFixed(1).padStart(8)}`);
}

/** Runs turns on servers, ends each by `end`, and returns what `end` has measured. */
async function measureTurns(
  end: (turn: RunningTurn, server: Server) => Promise<number>,
  servers: readonly Server[],
): Promise<readonly number[]> {
  const random = seededRandom(1);
  const times: number[] = [];
  const runTurns = async (server: Server) => {
    while (times.length < TURNS) {
      const turn = await begin(server);
      await wait(SPREAD_MILLISECONDS * (1 + random()));
      const time = await end(turn, server);
      if (!/"type":"abort".*\[DONE\]/s.test((await turn.read) ?? '')) throw new Error('A stream has no end of a stop');
      times.push(time);
    }
  };
  const perServer = Array.from({ length: AT_ONCE / servers.length });
  await Promise.all(servers.flatMap((server) => perServer.map(() => runTurns(server))));
  return times.slice(0, TURNS);
}

/** Kills a server with many running turns, and supersedes each of them on another server. */
async function measureKilled(doomed: MeasuredServer, other: MeasuredServer): Promise<readonly number[]> {
  const turns: RunningTurn[] = [];
  while (turns.length < TURNS) turns.push(await begin(doomed));
  doomed.stop();
  await Promise.all(turns.map(({ read }) => read));
  const times: number[] = [];
  while (turns.length > 0) {
    times.push(...(await Promise.all(turns.splice(0, AT_ONCE).map((turn) => supersede(other, turn)))));
  }
  return times;
}

/** @returns milliseconds to the end of the agent's call. */
async function stop({ url }: Server, agent: HangingAgent, { prompt, chatId }: RunningTurn): Promise<number> {
  const call = await agent.find(prompt);
  const start = performance.now();
  const { status } = await fetch(`${url}/chats/${chatId}/stop`, { method: 'POST', headers: HEADERS });
  if (status !== 202) throw new Error(`A stop got ${status}`);
  return (await call.ended) - start;
}

/** @returns milliseconds to the first event of the new turn. */
async function supersede({ url }: Server, { chatId }: RunningTurn): Promise<number> {
  const start = performance.now();
  const response = await send(url, { prompt: 'reply', chat_id: chatId }, { supersede: 'true' });
  const time = performance.now() - start;
  const text = await response.text();
  if (!text.includes('"finishReason":"stop"')) throw new Error(`A superseding turn got ${response.status} ${text}`);
  return time;
}

let turns = 0;

/** Begins a turn. Resolves when its stream is open, which is at the first word of the agent. */
async function begin({ url }: Server): Promise<RunningTurn> {
  const prompt = `turn ${(turns += 1)}`;
  const response = await send(url, { prompt });
  const chatId = response.headers.get('chat-id');
  if (response.status !== 200 || chatId === null) throw new Error(`A turn got ${response.status}`);
  return { prompt, chatId, read: response.text().catch(() => undefined) };
}

async function send(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}/chat/stream`, {
    method: 'POST',
    headers: { ...HEADERS, ...headers },
    body: JSON.stringify(body),
  });
}
