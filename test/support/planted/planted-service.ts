import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const HEADERS = { 'x-request-id': 'r1', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
export const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** Sends the response to `GET /health`. */
export type Plant = (response: ServerResponse) => void;

/** Responses that openapi.json does not describe: what is wrong, the response, and the text of the deviation. */
export const PLANTED: readonly (readonly [string, Plant, RegExp])[] = [
  ['a field', (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok","extra":1}'), /"extra"/],
  ['a status', (response) => response.writeHead(201, JSON_TYPE).end('{"status":"ok"}'), /201: the status/],
  [
    'a header',
    (response) => response.writeHead(200, { ...JSON_TYPE, 'x-extra': '1' }).end('{"status":"ok"}'),
    /the header x-extra/,
  ],
];

/** A server whose only response a test plants. It has the headers that every response of the service has. */
export interface PlantedService {
  readonly url: string;
  plant: Plant;
  close(): Promise<void>;
}

export async function startPlantedService(): Promise<PlantedService> {
  const server = createServer((_, response) => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    service.plant(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const service: PlantedService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    plant: (response) => response.writeHead(200, JSON_TYPE).end('{"status":"ok"}'),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}
