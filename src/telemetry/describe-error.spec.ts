import { describe, expect, it } from '@jest/globals';
import { describeError } from './describe-error.js';

const SAID = 'planted';
const MESSAGES = [
  `${SAID} in a line`,
  `two lines\n    at ${SAID} (file:///${SAID}.js:1:1)`,
  `\n    at ${SAID} (file:///${SAID}.js:1:1)\n`,
  `    at ${SAID}\n    at ${SAID}`,
  `\r\n    at ${SAID}`,
  `\u2028    at ${SAID}`,
  `: ${SAID}\n    at ${SAID}`,
];

/** The class of most libraries: its name comes after the stack was written. */
class NamedLater extends Error {
  override readonly name = 'NamedLater';
}

function expectSilence(error: Error): void {
  expect(JSON.stringify(describeError(error))).not.toContain(SAID);
}

describe('describeError', () => {
  it('has the frames of an error, and no more than five', () => {
    const error = new TypeError(`two\n    at ${SAID}`);
    const { name, at = [] } = describeError(error);
    expect(name).toBe('TypeError');
    expect(at).toHaveLength(5);
    for (const frame of at) expect(frame).toMatch(/^at (?!planted)/);
    expect(at[0]).toContain('describe-error.spec');
  });

  it.each([new NamedLater('x'), new Error(''), Object.assign(new Error('x'), { code: 'ECONNRESET' }), badUrl()])(
    'has them whatever the first line says: %s',
    (error) => {
      expect(describeError(error).at?.length).toBeGreaterThan(0);
    },
  );

  it.each(MESSAGES)('has nothing of the message %j', (message) => {
    expectSilence(new Error(message));
    expectSilence(new NamedLater(message));
    expectSilence(new Error('outside', { cause: new Error(message) }));
  });

  it.each(MESSAGES)('has nothing of the message %j where another has taken its place', (message) => {
    expectSilence(Object.assign(new Error(message), { message: 'another' }));
    expectSilence(Object.assign(new Error(message), { message: '' }));
    expectSilence(Object.assign(new Error(message), { message: message.slice(0, 3) }));
    expectSilence(Object.assign(new Error('x'), { stack: message }));
    expectSilence(Object.assign(new Error('x'), { stack: `Error: x\n    at here\nCaused by: ${message}` }));
  });

  it.each([[undefined], [null], ['text'], [7]])('has the type alone of %j, which is no error', (thrown) => {
    expect(describeError(thrown)).toEqual({ name: typeof thrown });
  });

  it('takes no stack for what is none', () => {
    expect(describeError(Object.assign(new Error('x'), { stack: undefined }))).toEqual({ name: 'Error' });
  });
});

function badUrl(): Error {
  try {
    return new Error(new URL('no URL').href);
  } catch (error) {
    return error as Error;
  }
}
