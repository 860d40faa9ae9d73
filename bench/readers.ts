import { mkdtempSync } from 'node:fs';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startBedrockAgentEmulator } from '../src/local/emulator/bedrock-agent/server.js';
import { mb, percentile } from './figures.js';
import { LIMITS, type MeasuredServer, startServer, startTable, tokenOf } from './measured-server.js';

/** How long each flood lasts, and how long another user waits for a response. */
const FLOOD_MILLISECONDS = 20_000;
const PATIENCE_MILLISECONDS = 9_000;
/** The bench fails if another user waits longer. */
const P95_BOUND_MILLISECONDS = 500;

const READERS = 20;
const REQUESTS_AHEAD = 220;
/** The newest of these fill a page of 1.5 MB. */
const LARGE_REPLIES = 3;
const LARGE_REPLY_BYTES = 700_000;

const SENDERS = 2_000;
const BODY_BYTES = 256 * 1024;

/** A service with a large chat of one user, and a small chat of another. */
interface Scene {
  readonly service: MeasuredServer;
  /** The socket whose clients take little. */
  readonly path: string;
  /** The same by TCP, where the system buffers more. */
  readonly port: number;
  readonly largeChat: string;
  readonly smallChat: string;
}

interface Flood {
  readonly name: string;
  /** Opens its connections. It reads nothing. */
  open(scene: Scene): Socket[];
}

const FLOODS: readonly Flood[] = [
  {
    name: `${READERS} connections that read nothing, ${REQUESTS_AHEAD} GETs on each`,
    open: ({ path, largeChat }) => openMany(READERS, { path }, [toGet(largeChat, 'alice').repeat(REQUESTS_AHEAD)]),
  },
  {
    name: `the same ${READERS} connections over TCP`,
    open: ({ port, largeChat }) =>
      openMany(READERS, { host: '127.0.0.1', port }, [toGet(largeChat, 'alice').repeat(REQUESTS_AHEAD)]),
  },
  {
    name: `${SENDERS} connections without a token, each with a body that never ends`,
    open: ({ port }) => openMany(SENDERS, { host: '127.0.0.1', port }, toEndlessPost()),
  },
  {
    name: `${SENDERS} connections with a token, each with a body that never ends`,
    open: ({ port }) => openMany(SENDERS, { host: '127.0.0.1', port }, toEndlessPost('alice')),
  },
];

/**
 * Prints how much memory the service holds while clients of one user misbehave, and how long another user waits
 * meanwhile. Each flood has a service of its own. It takes two minutes.
 */
export async function benchReaders(): Promise<void> {
  for (const flood of FLOODS) {
    const scene = await buildScene();
    const before = await scene.service.memory();
    const sockets = flood.open(scene);
    const end = performance.now() + FLOOD_MILLISECONDS;
    const others = await Promise.all([readMeanwhile(scene, end), runTurnsMeanwhile(scene, end)]);
    const after = await Promise.race([scene.service.memory(), wait(PATIENCE_MILLISECONDS)]);
    // A socket that reads nothing does not see that it was closed.
    for (const socket of sockets) socket.resume();
    await wait(1_000);
    const closed = sockets.filter(({ destroyed }) => destroyed).length;
    for (const socket of sockets) socket.destroy();
    scene.service.stop();
    console.log(`${flood.name}:\n`);
    console.log(`resident before ${mb(before.rss)}, after ${mb(after?.rss ?? NaN)}, peak ${mb(after?.peak ?? NaN)}`);
    console.log(`connections that the service has closed: ${closed} of ${sockets.length}`);
    for (const [index, times] of others.entries()) reportTimes(['reads', 'turns'][index] ?? '', times);
  }
}

/** Prints how long another user waited. */
function reportTimes(kind: string, times: readonly number[]): void {
  const ranks = [50, 95, 100].map((rank) => describe(times, rank)).join(', ');
  console.log(`another user's ${kind}: ${times.length} requests, ${ranks}\n`);
  if (percentile(times, 95) <= P95_BOUND_MILLISECONDS) return;
  console.error(`The p95 of another user's ${kind} is over ${P95_BOUND_MILLISECONDS} ms`);
  process.exitCode = 1;
}

function describe(times: readonly number[], rank: number): string {
  return `p${rank} ${percentile(times, rank).toFixed(0)} ms`;
}

async function buildScene(): Promise<Scene> {
  const path = join(mkdtempSync(join(tmpdir(), 'readers-')), 'socket');
  const agent = await startBedrockAgentEmulator();
  const table = await startTable();
  const service = await startServer('ours', { agent: agent.endpoint, table, path, variables: LIMITS });
  let largeChat: string | undefined;
  for (let turn = 0; turn < LARGE_REPLIES; turn += 1) {
    agent.enqueue({ type: 'chunks', chunks: ['x'.repeat(LARGE_REPLY_BYTES)] });
    largeChat = await runTurn(service, 'alice', { chatId: largeChat });
  }
  const port = Number(new URL(service.url).port);
  return { service, path, port, largeChat: largeChat ?? '', smallChat: await runTurn(service, 'bob') };
}

/** @returns the id of the chat. */
async function runTurn(
  { url }: MeasuredServer,
  user: string,
  { chatId, signal = null }: { chatId?: string | undefined; signal?: AbortSignal | null } = {},
): Promise<string> {
  const response = await fetch(`${url}/chat`, {
    method: 'POST',
    headers: { id_token: tokenOf(user), 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'hello', chat_id: chatId }),
    signal,
  });
  if (response.status !== 200) throw new Error(`A turn got ${response.status} ${await response.text()}`);
  const { chat } = (await response.json()) as { chat: { id: string } };
  return chat.id;
}

/** Reads the small chat again and again. */
async function readMeanwhile({ service, smallChat }: Scene, end: number): Promise<number[]> {
  const headers = { id_token: tokenOf('bob') };
  return repeatUntil(end, 50, async (signal) => {
    const response = await fetch(`${service.url}/chats/${smallChat}`, { headers, signal });
    if ((await response.text()) === '' || response.status !== 200) throw new Error(`A read got ${response.status}`);
  });
}

/** Opens one chat after the other. */
async function runTurnsMeanwhile({ service }: Scene, end: number): Promise<number[]> {
  return repeatUntil(end, 100, (signal) => runTurn(service, 'bob', { signal }));
}

/** @returns the milliseconds of each request; a missing response is Infinity. */
async function repeatUntil(
  end: number,
  pause: number,
  send: (signal: AbortSignal) => Promise<unknown>,
): Promise<number[]> {
  const times: number[] = [];
  while (performance.now() < end) {
    const start = performance.now();
    try {
      await send(AbortSignal.timeout(PATIENCE_MILLISECONDS));
      times.push(performance.now() - start);
    } catch (error) {
      console.log(`another user waited in vain: ${String(error)}`);
      times.push(Infinity);
    }
    await wait(pause);
  }
  return times;
}

function toGet(chatId: string, user: string): string {
  return `GET /chats/${chatId} HTTP/1.1\r\nhost: x\r\nid_token: ${tokenOf(user)}\r\n\r\n`;
}

/** A request whose body lacks its last byte. */
function toEndlessPost(user?: string): (string | Buffer)[] {
  const token = user === undefined ? '' : `id_token: ${tokenOf(user)}\r\n`;
  const head = `POST /chat HTTP/1.1\r\nhost: x\r\n${token}content-type: application/json\r\n`;
  return [`${head}content-length: ${BODY_BYTES}\r\n\r\n`, Buffer.alloc(BODY_BYTES - 1, ' ')];
}

function openMany(count: number, to: NetConnectOpts, pieces: readonly (string | Buffer)[]): Socket[] {
  return Array.from({ length: count }, () => {
    const socket = connect(to).pause();
    socket.on('error', () => undefined);
    for (const piece of pieces) socket.write(piece);
    return socket;
  });
}
