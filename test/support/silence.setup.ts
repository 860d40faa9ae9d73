import { afterAll, expect } from '@jest/globals';
import { listenFor } from './silence-listener.js';
import { silence } from './silence.js';

/** Runs in every test file, which fails where a prompt, an answer, a token or a key was written. */
const stop = listenFor(silence);

afterAll(() => {
  stop();
  expect(silence.leaks()).toEqual([]);
});
