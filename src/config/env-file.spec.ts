import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EnvFileError, loadEnvFile } from './env-file.js';

describe('loadEnvFile', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'env-file-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function load(content: string | Buffer, variables: Record<string, string | undefined> = {}) {
    const path = join(folder, 'file');
    writeFileSync(path, content);
    loadEnvFile(variables, path);
    return variables;
  }

  it.each<[string, string | Buffer, object]>([
    ['lines', 'A=1\nB=2\n', { A: '1', B: '2' }],
    ['a byte order mark, as editors on Windows write it', '\ufeffA=1\nB=2\n', { A: '1', B: '2' }],
    ['line ends of Windows', '\ufeffA=1\r\nB="x y"\r\n', { A: '1', B: 'x y' }],
    ['letters beyond ASCII', 'A=Zürich 字\n', { A: 'Zürich 字' }],
    ['nothing', '', {}],
    ['a byte order mark alone', '\ufeff', {}],
  ])('reads a file of %s', (_, content, expected) => {
    expect(load(content)).toEqual(expected);
  });

  it('keeps variables that are set, even to nothing', () => {
    expect(load('A=1\nB=2\nC=3', { A: 'mine', B: '' })).toEqual({ A: 'mine', B: '', C: '3' });
  });

  it('needs no file', () => {
    const variables = { A: '1' };
    loadEnvFile(variables, join(folder, 'absent'));
    expect(variables).toEqual({ A: '1' });
  });

  it.each<[string, Buffer]>([
    ['UTF-16, as PowerShell writes it', Buffer.from('\ufeffA=secret\n', 'utf16le')],
    ['UTF-16 without a byte order mark', Buffer.from('A=secret\n', 'utf16le')],
    ['UTF-16 with the other byte order', Buffer.from('\ufeffA=secret\n', 'utf16le').swap16()],
    ['Windows-1252', Buffer.from('A=Zürich\n', 'latin1')],
  ])('refuses %s in one line, without a value', (_, content) => {
    const error = catchError(() => load(content));
    expect(error).toBeInstanceOf(EnvFileError);
    expect(String(error)).toMatch(/^EnvFileError: The file \S+ is not UTF-8: save it as UTF-8$/);
  });

  it('says in one line that a file cannot be read', () => {
    const path = join(folder, 'folder');
    mkdirSync(path);
    expect(String(catchError(() => loadEnvFile({}, path)))).toMatch(
      /^EnvFileError: The file \S+ cannot be read: EISDIR$/,
    );
  });
});

function catchError(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}
