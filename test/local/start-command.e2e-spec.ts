import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { NPM_VARIABLES } from '../support/npm-variables.js';

/** npm, its shell, the script and the server are one process group here, as they are in a terminal. */
describe('npm run', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'start-command-'));
  let npm: ChildProcess;

  const signalGroup = (signal: NodeJS.Signals) => process.kill(-(npm.pid ?? 0), signal);
  afterEach(() => {
    try {
      signalGroup('SIGKILL');
    } catch {
      // No process is left, as it should be.
    }
    rmSync(dataDir, { recursive: true, force: true });
  });

  it.each([
    ['start:dev', 'SIGTERM to npm alone', () => npm.kill('SIGTERM')],
    ['start', 'Ctrl-C', () => signalGroup('SIGINT')],
  ])('%s prints its banner once, no warning, and leaves no process after %s', async (script, _, stop) => {
    npm = spawn('npm', ['run', script], {
      detached: true,
      env: { PATH: process.env['PATH'], HOME: dataDir, ...NPM_VARIABLES, DATA_DIR: dataDir, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [npm.stdout, npm.stderr]) stream?.on('data', (piece) => (printed += String(piece)));
    while (!printed.includes('CHAT_ID -H')) await wait(50);
    const closed = once(npm, 'close');
    stop();
    // All processes inherit the pipes, so these close when the last process has ended.
    await closed;
    expect(printed.match(/ready on/g)).toHaveLength(1);
    expect(printed).not.toMatch(/warning/i);
  });
});
