import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import supertest from 'supertest';
import { PLANTED, type PlantedService, startPlantedService } from './planted-service.js';
import { expectDescribedResponses } from '../openapi/response-listener.js';

/** `listeners.setup.spec.ts` runs this file. Each of its tests must fail, though its own expectation holds. */
describe('a test that gets', () => {
  let service: PlantedService;
  beforeAll(async () => {
    service = await startPlantedService();
    expectDescribedResponses(service.url);
  });
  afterAll(async () => {
    service.plant = (response) => response.writeHead(202).end();
    await supertest(service.url).get('/health').expect(202);
    await service.close();
  });

  it.each(PLANTED)('%s', async (_, plant) => {
    service.plant = plant;
    const { body } = await supertest(service.url).get('/health');
    expect(body).toMatchObject({ status: 'ok' });
  });
});
