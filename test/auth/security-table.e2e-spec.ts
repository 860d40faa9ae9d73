import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

/** A name in backticks, and the titles in quotation marks that follow it. */
const NAMED = /`([^`]+)`((?:,? “[^”]+”)*)/g;

/** Lists what a cell names and does not exist: a file, a script, or a title in its file. */
function missingProofs(cell: string): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  const named = [...cell.matchAll(NAMED)];
  if (named.length === 0) return [`no proof: ${cell}`];
  return named.flatMap(([, name = '', titles = '']) => {
    const script = /^npm run (\S+)/.exec(name)?.[1];
    if (script !== undefined) return scripts[script] === undefined ? [name] : [];
    const path = name.endsWith('.spec')
      ? `${name.startsWith('src/') ? '' : 'test/'}${name}.ts`
      : `test/${name}.e2e-spec.ts`;
    if (!existsSync(path)) return [path];
    const source = readFileSync(path, 'utf8');
    return [...titles.matchAll(/“([^”]+)”/g)].flatMap(([, title = '']) => (source.includes(title) ? [] : [title]));
  });
}

/** Returns the last cell of each row, in tables whose last column has this name. */
function cellsOf(markdown: string, column: string): string[] {
  const tables = markdown.split(/\n\n+/).filter((block) => block.startsWith('|'));
  return tables.flatMap((table) => {
    const [head = [], , ...rows] = table.split('\n').map((row) => row.split('|').map((cell) => cell.trim()));
    return head.at(-2) === column ? rows.filter((row) => row.length > 2).map((row) => row.at(-2) ?? '') : [];
  });
}

describe('docs/security.md', () => {
  it('names tests that exist', () => {
    const cells = cellsOf(readFileSync('docs/security.md', 'utf8'), 'proof');
    expect(cells.length).toBeGreaterThan(30);
    expect(cells.flatMap(missingProofs)).toEqual([]);
  });

  it.each([
    ['a file that is not there', '`agent-failures`', ['test/agent-failures.e2e-spec.ts']],
    ['a spec that is not there', '`src/auth/nothing.spec`', ['src/auth/nothing.spec.ts']],
    ['a script that is not there', '`npm run nothing`', ['npm run nothing']],
    ['a title that is not there', '`api/isolation` “are readable by their owner”, “for nobody”', ['for nobody']],
    ['no proof', 'we are sure', ['no proof: we are sure']],
  ])('would be refused with %s', (_, cell, missing) => {
    expect(missingProofs(cell)).toEqual(missing);
  });
});
