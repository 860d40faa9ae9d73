import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fence, fencesOf, readPage } from '../support/doc-pages.js';
import { NPM_VARIABLES } from '../support/npm-variables.js';
import { silence } from '../support/silence.js';
import { ShellSession } from '../support/shell-session.js';

/** A busy machine may need longer than the service gives its table. */
const LONGER_TIMEOUTS = { NODE_OPTIONS: `--import ${resolve('test/support/preload-longer-timeouts.mjs')}` };

const CLONED = [
  'src',
  'page',
  'scripts',
  'test/support',
  'package.json',
  'openapi.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
];
const ADDRESS = '127.0.0.1:3000';
const START_MILLISECONDS = 120_000;
/** Pages that a reader follows from top to bottom, one after the other in the same terminals. */
const TOURS = [['README.md'], ['docs/getting-started.md', 'docs/api.md', 'docs/chats.md']];
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** What cannot run here, and why. Nobody checks these blocks, so keep them few. */
const SKIPPED = [
  'README.md: npm ci fetches packages from the registry',
  'README.md: sam needs an AWS account, and the package needs Node 24 from the registry',
  'docs/getting-started.md: npm ci fetches packages from the registry',
  'docs/getting-started.md: docker is not on every machine',
];

/** A clone of the repository as it is in this folder, with its packages, where the service keeps nothing of ours. */
class Clone {
  readonly folder = mkdtempSync(join(tmpdir(), 'chat-docs-'));
  private server: ChildProcess | undefined;
  private shell: ShellSession | undefined;
  private port = 0;
  private printed = '';

  async open(): Promise<void> {
    for (const path of CLONED.filter((name) => existsSync(name)))
      cpSync(path, join(this.folder, path), { recursive: true });
    symlinkSync(resolve('node_modules'), join(this.folder, 'node_modules'));
    this.port = await freePort();
    this.shell = new ShellSession(this.folder, this.variables());
  }

  /** Starts the service by the command of a page. @returns what it has printed when it is ready. */
  async start(command: string): Promise<string> {
    const env = {
      PATH: process.env['PATH'],
      HOME: this.folder,
      ...LONGER_TIMEOUTS,
      ...NPM_VARIABLES,
      ...this.variables(),
    };
    const server = spawn('bash', ['-c', command], { cwd: this.folder, env, detached: true });
    this.server = server;
    const isReady = new Promise<void>((ready, failed) => {
      for (const stream of [server.stdout, server.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          this.printed += text;
          if (/\/chats\/\$CHAT_ID -H/.test(this.printed)) ready();
        });
      }
      server.once('exit', () => failed(new Error(`The service has ended:\n${this.printed}`)));
    });
    await isReady;
    return this.printed.replaceAll(`127.0.0.1:${this.port}`, ADDRESS);
  }

  async run(code: string): Promise<string> {
    return (await this.shell?.run(code.replaceAll(ADDRESS, `127.0.0.1:${this.port}`))) ?? '';
  }

  async close(): Promise<void> {
    this.shell?.close();
    const isRunning = this.server?.exitCode === null && this.server.signalCode === null;
    if (isRunning && this.server?.pid !== undefined) {
      const ended = once(this.server, 'exit');
      // The command and what it has started: npm, nest, and the service.
      process.kill(-this.server.pid, 'SIGTERM');
      await ended;
    }
    silence.wrote('the service of a page', this.printed.replaceAll(/^ {4}(export|curl) .*$/gm, ''));
    rmSync(this.folder, { recursive: true, force: true });
  }

  private variables(): Record<string, string> {
    return { PORT: String(this.port) };
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

/** What a page says is printed, as an expression. In it `…` stands for any text. */
function printedAs(text: string): RegExp {
  const parts = text.trim().split('…');
  return new RegExp(`^${parts.map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('[\\s\\S]*?')}$`);
}

/** Whether a page shows a JSON value as it is. In its texts `…` stands for any text; it may leave fields out. */
function matchesJson(shown: unknown, printed: unknown): boolean {
  if (typeof shown === 'string') return typeof printed === 'string' && printedAs(shown).test(printed.trim());
  if (typeof shown !== 'object' || shown === null) return Object.is(shown, printed);
  if (typeof printed !== 'object' || printed === null) return false;
  return Object.entries(shown).every(([name, value]) => matchesJson(value, (printed as Record<string, unknown>)[name]));
}

function expectPrinted({ language, code }: Fence, printed: string): void {
  if (language === 'json') expect(matchesJson(JSON.parse(code), JSON.parse(printed))).toBe(true);
  else expect(printed.trim()).toMatch(printedAs(code));
}

interface Step {
  readonly block: Fence;
  /** What the page says that the block prints. */
  readonly shown: Fence | undefined;
}

/** The shell blocks of a page, each with what follows it before the next one. */
function stepsOf(page: string): Step[] {
  const fences = fencesOf(readPage(page));
  return fences.flatMap((block, index) => {
    const next = fences[index + 1];
    return block.language === 'sh' ? [{ block, shown: next && next.language !== 'sh' ? next : undefined }] : [];
  });
}

describe.each(TOURS)('%s', (...pages: readonly string[]) => {
  const steps = pages.flatMap((page) => stepsOf(page).map((step) => [`${page}:${step.block.line}`, step] as const));
  let clone: Clone;
  beforeAll(async () => {
    clone = new Clone();
    await clone.open();
  });
  afterAll(() => clone.close(), START_MILLISECONDS);

  (hasCurl ? it : it.skip).each(steps)(
    'the block in %s does what the page says',
    async (_, { block, shown }) => {
      if (block.mark?.startsWith('skip')) return;
      if (block.mark === 'server') {
        expect(await clone.start(block.code)).toContain(shown?.code.trim());
        return;
      }
      const printed = (await clone.run(block.code)).replaceAll('\r', '');
      if (shown) expectPrinted(shown, printed);
    },
    START_MILLISECONDS,
  );
});

describe('the blocks of these pages', () => {
  it('run here, with these exceptions', () => {
    const skipped = TOURS.flat().flatMap((page) =>
      stepsOf(page).flatMap(({ block }) => {
        const reason = /^skip \((.*)\)$/.exec(block.mark ?? '')?.[1];
        return reason === undefined ? [] : [`${page}: ${reason}`];
      }),
    );
    expect(skipped).toEqual(SKIPPED);
  });

  it('are compared with what they print', () => {
    expect('{"a":"1","b":[{}]}').toMatch(printedAs('{"a":"…",…}'));
    expect('{"a":"1"}').not.toMatch(printedAs('{"b":"…"}'));
    expect(matchesJson({ a: 'x…' }, { a: 'xyz', b: 1 })).toBe(true);
    expect(matchesJson({ a: 'x…', c: [1] }, { a: 'xyz', c: [2] })).toBe(false);
  });
});
