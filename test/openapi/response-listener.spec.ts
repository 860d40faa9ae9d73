import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import {
  JSON_TYPE,
  type Plant,
  PLANTED,
  type PlantedService,
  startPlantedService,
} from '../support/planted/planted-service.js';
import { sendRaw } from '../support/raw-http.js';
import { RawReader } from '../support/raw-reader.js';
import { expectDescribedResponses, takeDeviations } from '../support/openapi/response-listener.js';

describe('the client of every test', () => {
  let service: PlantedService;
  let url: string;
  let endExpectation: () => void;

  beforeAll(async () => {
    service = await startPlantedService();
    ({ url } = service);
  });
  beforeEach(() => {
    endExpectation = expectDescribedResponses(url);
  });
  afterAll(() => service.close());

  describe.each<[string, () => Promise<unknown>]>([
    ['node:http', () => supertest(url).get('/health')],
    ['fetch', async () => (await fetch(`${url}/health`)).text()],
  ])('by %s', (_, ask) => {
    it.each(PLANTED)('finds %s that is not described', async (_what, planted, expected) => {
      service.plant = planted;
      await ask();
      expect(await takeDeviations()).toEqual([expect.stringMatching(expected)]);
    });

    it('finds nothing in a response as it is described', async () => {
      service.plant = (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok"}');
      await ask();
      expect(await takeDeviations()).toEqual([]);
    });

    it('reads no server that is not the service', async () => {
      endExpectation();
      service.plant = PLANTED[0]![1];
      await ask();
      expect(await takeDeviations()).toEqual([]);
    });
  });

  it('reads every response on a plain socket', async () => {
    const planted: Plant[] = [
      (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok","chunked":1}'),
      (response) => response.writeHead(204).end(),
      (response) => response.writeHead(200, { ...JSON_TYPE, 'content-length': 22 }).end('{"status":"ok","é":1}'),
    ];
    service.plant = (response) => planted.shift()?.(response);
    const ask = (method: string, ...fields: string[]) =>
      [`${method} /health HTTP/1.1`, 'host: x', ...fields, '', ''].join('\r\n');
    await sendRaw(url, ask('GET') + ask('OPTIONS') + ask('GET', 'connection: close'));
    expect(await takeDeviations()).toEqual([
      expect.stringMatching(/^GET \/health 200: .*"chunked"/),
      expect.stringMatching(/^GET \/health 200: .*"é"/),
    ]);
    planted.push((response) => response.writeHead(404, JSON_TYPE).end('{"error":"Not found","extra":1}'));
    await sendRaw(url, ask('OPTIONS', 'connection: close'));
    expect(await takeDeviations()).toEqual([expect.stringMatching(/^an unknown route 404: .*"extra"/)]);
  });

  it.each<[string, Plant]>([
    ['a length', (response) => response.writeHead(200, { ...JSON_TYPE, 'content-length': 15 })],
    ['chunks', (response) => response.writeHead(200, JSON_TYPE)],
  ])('throws if a response on a plain socket has no end: %s', async (_, planted) => {
    service.plant = (response) => {
      planted(response);
      response.write('{"status":"ok', () => response.destroy());
    };
    await expect(sendRaw(url, 'GET /health HTTP/1.1\r\nhost: x\r\n\r\n')).rejects.toThrow('is not complete');
  });

  it('reads what a slow reader has read', async () => {
    service.plant = (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).end('{}');
    const reader = await RawReader.send(url, {});
    await reader.readRest();
    expect(await takeDeviations()).toContainEqual(
      expect.stringMatching(/^POST \/chat\/stream 200: the header x-extra/),
    );
  });

  it('reads a body that is not read to its end as far as its head', async () => {
    service.plant = (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).write('{"sta');
    const { body } = await fetch(`${url}/health`);
    await body?.cancel();
    expect(await takeDeviations()).toEqual([expect.stringMatching(/the header x-extra/)]);
  });
});
