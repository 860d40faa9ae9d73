import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmulatedSessions } from './sessions.js';

describe('EmulatedSessions', () => {
  let folder: string;
  let now: number;
  const open = () => new EmulatedSessions({ idleTtlSeconds: 10, now: () => now, file: join(folder, 'sessions.json') });

  beforeEach(async () => {
    now = 1_000_000;
    folder = await mkdtemp(join(tmpdir(), 'sessions-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps a session over a restart, until its idle time is over', () => {
    open().append('one', ['a', 'b']);

    now += 9_999;
    expect(open().prompts('one')).toEqual(['a', 'b']);
    now += 1;
    expect(open().prompts('one')).toEqual([]);
  });

  it('forgets a session at its greatest age, although it is used', () => {
    const sut = new EmulatedSessions({ idleTtlSeconds: 10, maxSeconds: 20, now: () => now });
    for (const prompt of ['a', 'b', 'c']) {
      sut.append('one', [prompt]);
      now += 6_666;
    }
    expect(sut.prompts('one')).toEqual(['a', 'b', 'c']);
    now += 2;
    expect(sut.prompts('one')).toEqual([]);
  });

  it('keeps the attributes of a session until later ones replace them, or the session is forgotten', () => {
    const sut = open();
    expect(sut.addAttributes('one', { a: '1', b: '2' })).toEqual({ a: '1', b: '2' });
    sut.append('one', ['a']);
    expect(sut.addAttributes('one', { b: '3' })).toEqual({ a: '1', b: '3' });
    expect(sut.addAttributes('one')).toEqual({ a: '1', b: '3' });
    expect(sut.addAttributes('two')).toEqual({});

    now += 10_000;
    expect(sut.addAttributes('one')).toEqual({});
  });

  it('writes a file that only its owner can read, without forgotten sessions', async () => {
    const file = join(folder, 'sessions.json');
    const sut = open();
    sut.append('one', ['secret']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    now += 10_000;
    sut.append('two', ['b']);
    expect(await readFile(file, 'utf8')).not.toContain('secret');
  });

  it('creates the folder of its file', async () => {
    const file = join(folder, 'absent', 'sessions.json');
    new EmulatedSessions({ idleTtlSeconds: 10, now: () => now, file }).append('one', ['a']);
    expect(await readFile(file, 'utf8')).toContain('one');
  });

  it.each(['', '[["one",{"prompts":', '{}', '[null, ["x", null]]'])(
    'starts without sessions if the file is broken: %s',
    async (text) => {
      await writeFile(join(folder, 'sessions.json'), text);

      expect(open().prompts('one')).toEqual([]);
    },
  );
});
