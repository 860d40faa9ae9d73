import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startServerParts } from '../support/server-parts.js';
import { killServers, spawnServer } from '../support/spawned-server.js';

const run = promisify(execFile);
const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** The server as a process, with a port and a folder as its only settings. */
describe('the server', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-start-'));
  });
  afterEach(async () => {
    await killServers();
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Starts it with its own home and folder. */
  const start = (variables: Record<string, string> = {}) =>
    spawnServer({ HOME: dataDir, DATA_DIR: dataDir, ...variables });

  /** Returns the commands of the banner. */
  const commandsOf = (banner: string) =>
    banner.split('\n').flatMap((line) => (/^ {4}(export|curl) /.test(line) ? [line.trim()] : []));

  const lastChat = (output: string) => JSON.parse(output.split('\n').at(-1) ?? '').chat;

  (hasCurl ? it : it.skip)('prints commands that work, and keeps chats and tokens across a restart', async () => {
    const first = start();
    const [banner] = await first.untilPrinted(/The chat API is ready[\s\S]*CHAT_ID -H "id_token: \$ID_TOKEN"\n/);
    const commands = commandsOf(banner);
    const [token, ask, chatId, goOn, readBack] = commands.map((line) =>
      line.startsWith('curl') ? `${line}; echo` : line,
    );
    expect(commands).toHaveLength(5);
    const script = `set -e\n${token}\n${ask}\n${chatId}\n${goOn}\n${readBack}\necho $ID_TOKEN $CHAT_ID`;
    const { stdout } = await run('bash', ['-c', script]);
    const [asked = '', goneOn = '', read = '', facts = ''] = stdout.trim().split('\n');
    expect(JSON.parse(asked)).toMatchObject({
      chat: { user_id: 'demo', messages: [{ role: 'user' }, { role: 'assistant' }] },
    });
    const reply = JSON.parse(goneOn);
    expect(reply.chat.messages.map(({ role }: { role: string }) => role)).toEqual([
      'user',
      'assistant',
      'user',
      'assistant',
    ]);
    expect(reply.response).toContain('Plan a weekend in Lisbon');
    expect(JSON.parse(read)).toEqual({ chat: reply.chat });

    expect(await first.end('SIGTERM')).toBe(0);
    const second = start();
    const [, url] = await second.untilPrinted(/ready on (http:\S+)/);
    const [idToken = '', chat = ''] = facts.split(' ');
    const again = await run('curl', ['-sS', `${url}/chats/${chat}`, '-H', `id_token: ${idToken}`]);
    expect(lastChat(again.stdout)).toEqual(reply.chat);
    expect(await second.end('SIGINT')).toBe(0);
  });

  it('lets only its user read its folder, and lets no other server use it', async () => {
    const DATA_DIR = join(dataDir, 'data');
    await start({ DATA_DIR }).untilPrinted(/ready on/);
    expect((await stat(DATA_DIR)).mode & 0o777).toBe(0o700);
    expect((await stat(join(DATA_DIR, 'dev-key'))).mode & 0o777).toBe(0o600);
    const second = start({ DATA_DIR });
    expect(await second.exited).toBe(1);
    expect(second.printed.trim().split('\n')).toEqual([expect.stringContaining('already running')]);
  });

  it('completes a running turn before it stops, and does not wait for silent connections', async () => {
    const server = start();
    const [, url = '', token = ''] = await server.untilPrinted(/ready on (http:\S+)[\s\S]*ID_TOKEN=(\S+)/);
    const { hostname, port } = new URL(url);
    const beginnings = ['', 'POST /chat HTTP/1.1\r\nhost: x\r\n'];
    const sockets = beginnings.map((text) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).write(text);
      return socket;
    });
    // The headers of a stream come with its first text, so the turn runs.
    const response = await fetch(`${url}/chat/stream`, {
      method: 'POST',
      headers: { id_token: token, 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Plan a weekend in Lisbon' }),
    });
    const exitCode = server.end('SIGTERM');
    expect(await response.text()).toMatch(/"finishReason":"stop"[^]*data: \[DONE\]\n\n$/);
    const endedAt = Date.now();
    expect(await exitCode).toBe(0);
    // Less than the grace for running turns.
    expect(Date.now() - endedAt).toBeLessThan(8_000);
    sockets.forEach((socket) => socket.destroy());
  });

  it('names all problems of its configuration without a value, and ends with 1', async () => {
    const server = start({ NODE_ENV: 'production', JWT_SECRET_KEY: 'sesame', LOG_LEVEL: 'loud' });
    expect(await server.exited).toBe(1);
    for (const name of ['AGENT_ID', 'AGENT_HARNESS_ARN', 'AGENT_MODEL_ID', 'JWT_SECRET_KEY', 'LOG_LEVEL']) {
      expect(server.printed.split('\n').filter((line) => line.includes(name))).toHaveLength(1);
    }
    expect(server.printed).not.toMatch(/sesame|loud|at .*:\d+/);
  });

  it.each(['local mode', 'production'])('claims no success if its port is in use: %s', async (mode) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const parts = mode === 'production' ? await startServerParts() : undefined;
    const server = start({
      ...(parts && { NODE_ENV: 'production', ...parts.variables }),
      ...QUIET_SDK,
      PORT: String(port),
    });
    expect(await server.exited).toBe(1);
    await parts?.close();
    taken.close();
    expect(server.printed).toBe(`Port ${port} of 127.0.0.1 is in use: stop what listens there or set PORT\n`);
  });

  it('writes no colours where no terminal is, and names misspelt variables', async () => {
    const server = start({ TURN_PER_DAY: '5', LOCAL_AGENT_PACE: '0', LOG_LEVEL: 'info' });
    await server.untilPrinted(/ready on/);
    expect(server.printed).toContain('TURN_PER_DAY is no variable of this service: did you mean TURNS_PER_DAY?');
    expect(server.printed).toContain('did you mean LOCAL_AGENT_PACE_MS?');
    expect(server.printed).not.toContain('\u001b');
  });

  it.each<[string, string | Buffer, string]>([
    ['reads a file .env', '\ufeffLOG_LEVEL=loud\n', 'LOG_LEVEL must be one of'],
    [
      'refuses a file .env of UTF-16 in one line',
      Buffer.from('\ufeffLOG_LEVEL=loud\n', 'utf16le'),
      'The file .env is not UTF-8: save it as UTF-8',
    ],
  ])('%s', async (_, content, line) => {
    await writeFile(join(dataDir, '.env'), content);
    const server = spawnServer({ HOME: dataDir, DATA_DIR: dataDir, ...QUIET_SDK }, { folder: dataDir });
    expect(await server.exited).toBe(1);
    expect(server.printed.trim().split('\n').at(-1)).toContain(line);
    expect(server.printed).not.toMatch(/loud|at .*:\d+/);
  });
});
