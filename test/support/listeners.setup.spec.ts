import { execFile } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

const JEST = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];

interface JestResult {
  readonly numFailedTests: number;
  readonly numPassedTests: number;
  /** One for each file, in no order. The message has all failures of the file. */
  readonly testResults: readonly { readonly name: string; readonly message: string }[];
}

/** Runs the fixtures beside this file as Jest runs every test file. */
function runFixtures(): Promise<{ exitCode: number; result: JestResult }> {
  const run = [...JEST, '--testMatch', '**/planted/*.fixture.ts', '-w', '1', '--json'];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, run, (_, stdout) =>
      resolve({ exitCode: Number(child.exitCode), result: JSON.parse(stdout) as JestResult }),
    );
  });
}

/** Lists the texts that a file has received where it expected none. */
function listReceived({ testResults }: JestResult, file: string): unknown[] {
  const { message = '' } = testResults.find(({ name }) => name.endsWith(file)) ?? {};
  return [...message.matchAll(/^ *\+ {3}(".*"),$/gm)].map(([, text = '']) => JSON.parse(text) as unknown);
}

describe('the setup of every test file', () => {
  it('fails the test that gets what is not described, and the file that gets it later or leaks', async () => {
    const { exitCode, result } = await runFixtures();
    expect([exitCode, result.numFailedTests, result.numPassedTests]).toEqual([1, 3, 1]);
    expect(listReceived(result, 'deviations.fixture.ts')).toEqual([
      'GET /health 200:  must NOT have additional properties {"additionalProperty":"extra"}',
      'GET /health 201: the status is not described',
      'GET /health 200: the header x-extra is not described',
      'GET /health 202: the status is not described',
    ]);
    expect(listReceived(result, 'leak.fixture.ts')).toEqual(['the log of this process: @example.com']);
  });
});
