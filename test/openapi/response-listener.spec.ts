import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { JSON_TYPE, PLANTED, type PlantedService, startPlantedService } from '../support/planted/planted-service.js';
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

  it('reads a body that is not read to its end as far as its head', async () => {
    service.plant = (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).write('{"sta');
    const { body } = await fetch(`${url}/health`);
    await body?.cancel();
    expect(await takeDeviations()).toEqual([expect.stringMatching(/the header x-extra/)]);
  });
});
