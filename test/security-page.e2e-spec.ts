import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };

/** The cells of the last column of every table of docs/security.md, with what they are to prove. */
const rows = readFileSync('docs/security.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (-+|threat +) \|/.test(line))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | *\|$/g, '').trim()))
  .map(([threat = '', , proof = '']) => [threat, proof] as const);

/** Proofs that are not there: spec files, tests in them by their names, or commands. */
function missing(proof: string): string[] {
  const named = [...proof.matchAll(/`([^`]+)`(?: “([^”]+)”)?/g)];
  if (named.length === 0) return [`no proof: ${proof}`];
  return named.flatMap(([, name = '', test]) => {
    if (name.startsWith('npm run ')) return name.slice('npm run '.length) in scripts ? [] : [name];
    const path = name.startsWith('src/') ? `${name}.ts` : `test/${name}.e2e-spec.ts`;
    if (!existsSync(path)) return [path];
    return test === undefined || names(readFileSync(path, 'utf8'), test) ? [] : [`${path}: ${test}`];
  });
}

/** Whether a spec has this text as one of its own, or as a key of a table. */
function names(spec: string, test: string): boolean {
  return spec.includes(`'${test}'`) || new RegExp(`^ +${test}:`, 'm').test(spec);
}

describe('docs/security.md', () => {
  it('has its rows read', () => expect(rows.length).toBeGreaterThan(30));

  it.each(rows)('has a proof against: %s', (_threat, proof) => expect(missing(proof)).toEqual([]));

  it.each(['`agent-failures`', '`template` “nothing”', '`npm run nothing`', 'none'])('would miss %s', (proof) => {
    expect(missing(proof)).not.toEqual([]);
  });
});
