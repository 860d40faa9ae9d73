import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isWatchRestart } from './watch-restart.js';

describe('isWatchRestart', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'watch-'));
  });
  afterEach(() => rm(parent, { recursive: true }));

  const start = (parentPid: number, script: string | undefined) =>
    isWatchRestart({ dataDir: join(parent, 'data'), variables: { npm_lifecycle_event: script }, parentPid });

  it('is true from the second start by the same parent on', async () => {
    expect(await start(7, 'start:dev')).toBe(false);
    expect(await start(7, 'start:dev')).toBe(true);
    expect(await start(7, 'start:dev')).toBe(true);
    expect(await start(8, 'start:dev')).toBe(false);
  });

  it('is false if the parent cannot be noted', async () => {
    await writeFile(join(parent, 'data'), 'a file where the folder should be');
    expect(await start(7, 'start:dev')).toBe(false);
  });

  it.each(['start', undefined])('is false under the script %s, whatever the parent', async (script) => {
    expect(await start(7, script)).toBe(false);
    expect(await start(7, script)).toBe(false);
  });
});
