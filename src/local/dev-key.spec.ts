import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { devKey } from './dev-key.js';

describe('devKey', () => {
  let parent: string;
  let folder: string;

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'dev-key-'));
    folder = join(parent, 'data');
  });
  afterEach(() => rm(parent, { recursive: true }));

  it('creates a long random secret that only its owner can read', async () => {
    expect(await devKey(folder)).toMatch(/^[A-Za-z0-9_-]{64}$/);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'dev-key'))).mode & 0o777).toBe(0o600);
  });

  it('returns the same key on every call, also on concurrent ones', async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => devKey(folder)));

    expect(new Set([...keys, await devKey(folder)]).size).toBe(1);
  });

  it('refuses a file that does not hold a key', async () => {
    await devKey(folder);
    await writeFile(join(folder, 'dev-key'), 'short');

    await expect(devKey(folder)).rejects.toThrow(/dev-key does not hold a dev key: delete it/);
  });
});
