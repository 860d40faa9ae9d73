import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { expectDescribedResponses, takeDeviations } from '../support/openapi/response-listener.js';

const HEADERS = { 'x-request-id': 'r1', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Sends the response to `GET /health` that a test plants in the service. */
type Plant = (response: ServerResponse) => void;

const PLANTED: readonly (readonly [string, Plant, RegExp])[] = [
  ['a field', (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok","extra":1}'), /"extra"/],
  ['a status', (response) => response.writeHead(201, JSON_TYPE).end('{"status":"ok"}'), /201: the status/],
  [
    'a header',
    (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).end('{"status":"ok"}'),
    /the header x-extra/,
  ],
];

describe('the client of every test', () => {
  let server: Server;
  let url: string;
  let plant: Plant;
  let endExpectation: () => void;

  beforeAll(async () => {
    server = createServer((_, response) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
      plant(response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    endExpectation = expectDescribedResponses(url);
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  describe.each<[string, () => Promise<unknown>]>([
    ['node:http', () => supertest(url).get('/health')],
    ['fetch', async () => (await fetch(`${url}/health`)).text()],
  ])('by %s', (_, ask) => {
    it.each(PLANTED)('finds %s that is not described', async (_what, planted, expected) => {
      plant = planted;
      await ask();
      expect(await takeDeviations()).toEqual([expect.stringMatching(expected)]);
    });

    it('finds nothing in a response as it is described', async () => {
      plant = (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok"}');
      await ask();
      expect(await takeDeviations()).toEqual([]);
    });

    it('reads no server that is not the service', async () => {
      endExpectation();
      plant = PLANTED[0]![1];
      await ask();
      expect(await takeDeviations()).toEqual([]);
    });
  });

  it('reads a body that is not read to its end as far as its head', async () => {
    plant = (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).write('{"sta');
    const { body } = await fetch(`${url}/health`);
    await body?.cancel();
    expect(await takeDeviations()).toEqual([expect.stringMatching(/the header x-extra/)]);
  });
});
