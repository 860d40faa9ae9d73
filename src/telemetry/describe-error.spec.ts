import { describe, expect, it } from '@jest/globals';
import { describeError } from './describe-error.js';

const PLANTED = 'planted';
const MESSAGES = [
  `${PLANTED} in a line`,
  `two lines\n    at ${PLANTED} (file:///${PLANTED}.js:1:1)`,
  `\n    at ${PLANTED} (file:///${PLANTED}.js:1:1)\n`,
  `    at ${PLANTED}\n    at ${PLANTED}`,
  `\r\n    at ${PLANTED}`,
  `\u2028    at ${PLANTED}`,
  `: ${PLANTED}\n    at ${PLANTED}`,
];

/** As most libraries do it: the name is set after the stack was written. */
class NamedLater extends Error {
  override readonly name = 'NamedLater';
}

function expectNoMessage(error: Error): void {
  expect(JSON.stringify(describeError(error))).not.toContain(PLANTED);
}

describe('describeError', () => {
  it('shows at most five frames', () => {
    const error = new TypeError(`two\n    at ${PLANTED}`);
    const { name, at = [] } = describeError(error);
    expect(name).toBe('TypeError');
    expect(at).toHaveLength(5);
    for (const frame of at) expect(frame).toMatch(/^at (?!planted)/);
    expect(at[0]).toContain('describe-error.spec');
  });

  it.each([new NamedLater('x'), new Error(''), Object.assign(new Error('x'), { code: 'ECONNRESET' }), badUrl()])(
    'shows frames whatever the first line of the stack is: %s',
    (error) => {
      expect(describeError(error).at?.length).toBeGreaterThan(0);
    },
  );

  it.each(MESSAGES)('shows nothing of the message %j', (message) => {
    expectNoMessage(new Error(message));
    expectNoMessage(new NamedLater(message));
    expectNoMessage(new Error('outside', { cause: new Error(message) }));
  });

  it.each(MESSAGES)('shows nothing of the message %j if the message or the stack was changed', (message) => {
    expectNoMessage(Object.assign(new Error(message), { message: 'another' }));
    expectNoMessage(Object.assign(new Error(message), { message: '' }));
    expectNoMessage(Object.assign(new Error(message), { message: message.slice(0, 3) }));
    expectNoMessage(Object.assign(new Error('x'), { stack: message }));
    expectNoMessage(Object.assign(new Error('x'), { stack: `Error: x\n    at here\nCaused by: ${message}` }));
  });

  it.each([[undefined], [null], ['text'], [7]])('shows only the type of %j', (thrown) => {
    expect(describeError(thrown)).toEqual({ name: typeof thrown });
  });

  it('shows no frames of an error without a stack', () => {
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
