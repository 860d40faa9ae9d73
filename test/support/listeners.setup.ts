import { afterAll, afterEach, expect } from '@jest/globals';
import { listenForResponses, takeDeviations } from './openapi/response-listener.js';
import { listenFor } from './silence-listener.js';
import { silence } from './silence.js';

/**
 * Runs in every test file. A test fails if a response is not as openapi.json describes it. The file fails if a prompt, a
 * reply, a token or a key was written.
 */
const stops = [listenFor(silence), listenForResponses()];

afterEach(async () => expect(await takeDeviations()).toEqual([]));
afterAll(async () => {
  // Each one restores what it has found.
  for (const stop of stops.toReversed()) stop();
  expect(await takeDeviations()).toEqual([]);
  expect(silence.leaks()).toEqual([]);
});
