import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const REGISTER = ['--import', '@swc-node/register/esm-register'];
const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl) process.stderr.write('SKIPPED: the printed commands are not run, because there is no curl here\n');

/** The server as a process of its own, with no settings but a port and a folder. */
describe('the server', () => {
  let dataDir: string;
  const running: ChildProcess[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'chat-start-'));
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    await rm(dataDir, { recursive: true, force: true });
  });

  /** Starts it and collects what it prints. The environment is empty but for what a shell needs. */
  function start(variables: Record<string, string> = {}) {
    const env = { PATH: process.env['PATH'], HOME: dataDir, DATA_DIR: dataDir, PORT: '0', ...variables };
    const child = spawn(process.execPath, [...REGISTER, 'src/main.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(child);
    const printed = { text: '' };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (printed.text += String(piece)));
    const exit = once(child, 'exit').then(([code]) => code as number);
    return { child, printed, exit };
  }

  async function untilPrinted({ printed, exit }: ReturnType<typeof start>, pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(printed.text)?.[0];
      if (found !== undefined) return found;
      const ended = await Promise.race([exit.then(() => true), new Promise<false>((go) => setTimeout(go, 25, false))]);
      if (ended) throw new Error(`It ended instead of printing ${pattern}:\n${printed.text}`);
    }
  }

  /** What the banner says to paste, as one script. */
  const commandsOf = (banner: string) =>
    banner.split('\n').flatMap((line) => (/^ {4}(export|curl) /.test(line) ? [line.trim()] : []));

  const lastChat = (output: string) => JSON.parse(output.split('\n').at(-1) ?? '').chat;

  (hasCurl ? it : it.skip)('prints commands that work, and keeps chats and tokens over a restart', async () => {
    const first = start();
    const banner = await untilPrinted(first, /The chat API is ready[\s\S]*CHAT_ID -H "id_token: \$ID_TOKEN"\n/);
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

    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    const second = start();
    const url = (await untilPrinted(second, /ready on http:\S+/)).replace('ready on ', '');
    const [idToken = '', chat = ''] = facts.split(' ');
    const again = await run('curl', ['-sS', `${url}/chats/${chat}`, '-H', `id_token: ${idToken}`]);
    expect(lastChat(again.stdout)).toEqual(reply.chat);
    second.child.kill('SIGINT');
    expect(await second.exit).toBe(0);
  });

  it('keeps its folder to its user', async () => {
    const parent = dataDir;
    dataDir = join(parent, 'data');
    const server = start();
    await untilPrinted(server, /ready on/);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'dev-key'))).mode & 0o777).toBe(0o600);
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    dataDir = parent;
  });

  it('lets a running turn end before it stops', async () => {
    const server = start();
    const banner = await untilPrinted(server, /ready on http:\S+[\s\S]*ID_TOKEN=\S+/);
    const [, url, token] = /ready on (http:\S+)[\s\S]*ID_TOKEN=(\S+)/.exec(banner) ?? [];
    const answer = fetch(`${url}/chat`, {
      method: 'POST',
      headers: { id_token: token ?? '', 'content-type': 'application/json' },
      body: JSON.stringify({ prompt: 'Plan a weekend in Lisbon' }),
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    server.child.kill('SIGTERM');
    expect((await answer).status).toBe(200);
    expect(await server.exit).toBe(0);
  });

  it('waits for nobody who says nothing', async () => {
    const server = start();
    const url = new URL((await untilPrinted(server, /ready on http:\S+/)).replace('ready on ', ''));
    const beginnings = ['', 'POST /chat HTTP/1.1\r\nhost: x\r\n'];
    const sockets = beginnings.map((text) =>
      connect(Number(url.port), url.hostname, function (this: Socket) {
        this.on('error', () => undefined).write(text);
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 200));
    const startedAt = Date.now();
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    // Far less than the grace for running turns; how much is no matter.
    expect(Date.now() - startedAt).toBeLessThan(8_000);
    sockets.forEach((socket) => socket.destroy());
  });

  it('names all problems of its configuration, no value, and ends with 1', async () => {
    const server = start({ NODE_ENV: 'production', JWT_SECRET_KEY: 'sesame', LOG_LEVEL: 'loud' });
    expect(await server.exit).toBe(1);
    for (const name of ['AGENT_ID', 'AGENT_ALIAS_ID', 'JWT_SECRET_KEY', 'LOG_LEVEL']) {
      expect(server.printed.text.split('\n').filter((line) => line.includes(name))).toHaveLength(1);
    }
    expect(server.printed.text).not.toMatch(/sesame|loud|at .*:\d+/);
  });

  it('says in one line that another one is running on its folder', async () => {
    await untilPrinted(start(), /ready on/);
    const second = start();
    expect(await second.exit).toBe(1);
    expect(second.printed.text.trim().split('\n')).toEqual([expect.stringContaining('already running')]);
  });
});
