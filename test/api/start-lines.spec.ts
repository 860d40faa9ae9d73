import { describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createApp } from '../../src/app.js';
import { loadEnvironment } from '../../src/config/environment.js';
import { SECRET } from '../support/tokens.js';

/** Starts an app and ends it. @returns the lines of the start, and the lines that were written after it. */
async function startWith(LOG_LEVEL: string): Promise<{ during: string[]; after: string[] }> {
  const written: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const app = await createApp(
      loadEnvironment({ AGENT_ID: 'AGENT', AGENT_ALIAS_ID: 'ALIAS', JWT_SECRET_KEY: SECRET, LOG_LEVEL }),
    );
    const during = written.splice(0);
    new Logger('test').log('the app has started');
    await app.close();
    return { during, after: written };
  } finally {
    spy.mockRestore();
  }
}

describe('the start of the app', () => {
  it('writes no line', async () => {
    const { during, after } = await startWith('log');
    expect(during).toEqual([]);
    expect(after).toEqual([expect.stringContaining('the app has started')]);
  });

  it('writes the lines of the framework with LOG_LEVEL=debug', async () => {
    const { during } = await startWith('debug');
    expect(during.length).toBeGreaterThan(10);
    expect(during.join('')).toContain('Nest application successfully started');
  });
});
