import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { HttpSettings } from '../config/settings.js';
import type { Refusal } from '../http/server/refusals.js';
import { readBareEvent } from './kinds/bare-event.js';
import {
  type EventReader,
  type EventRequest,
  type HeaderForm,
  isObject,
  type JsonObject,
} from './kinds/event-request.js';
import { readHttpApiEvent } from './kinds/http-api-event.js';
import { readLatticeEvent } from './kinds/lattice-event.js';
import { readLoadBalancerEvent } from './kinds/load-balancer-event.js';
import { readRestEvent } from './kinds/rest-event.js';
import type { BufferedRequest } from './in-process-request.js';
import { buildRequest } from './request.js';

const READERS: readonly EventReader[] = [
  readLoadBalancerEvent,
  readHttpApiEvent,
  readRestEvent,
  readLatticeEvent,
  readBareEvent,
];
/** An event of another kind is no request, so it has no route. */
const NO_REQUEST: Refusal = { status: 404, error: 'Not found' };
/** How much of an unknown event a log line shows. */
const SHOWN_FIELDS = 10;
const SHOWN_NAME = /^[\w.:-]{1,64}$/;

const logger = new Logger('Lambda');

/** The request of an event, or why there is none; and the form of response that its sender reads. */
export type HttpEvent = { readonly headerForm: HeaderForm } & (
  | { readonly request: BufferedRequest; readonly refusal?: undefined }
  | { readonly refusal: Refusal; readonly request?: undefined }
);

/**
 * Reads an event of any kind. It never throws.
 *
 * @param event - any JSON value.
 * @param basePath - the configured base path.
 */
export function toHttpEvent(event: unknown, basePath?: string): HttpEvent {
  const read = readEvent(event);
  if (read === undefined) return { refusal: NO_REQUEST, headerForm: 'single' };
  return { ...buildRequest(read, basePath), headerForm: read.headerForm };
}

/** Reads an event for an app. One line is logged for an event that is refused. */
export function receiveEvent(app: NestExpressApplication, event: unknown): HttpEvent {
  const received = toHttpEvent(event, app.get(HttpSettings).basePath);
  if (received.refusal) logger.warn({ refusedEvent: received.refusal.error, ...describeEvent(event) });
  return received;
}

function readEvent(event: unknown): EventRequest | undefined {
  if (!isObject(event) || isOfAuthorizer(event)) return undefined;
  for (const read of READERS) {
    const request = read(event);
    if (request !== undefined) return request;
  }
  return undefined;
}

/** The event of an authorizer of API Gateway looks like the request that it is asked about. */
function isOfAuthorizer(event: JsonObject): boolean {
  return 'methodArn' in event || 'routeArn' in event;
}

/** What a log line may show of an event: the names of its fields, and the service that sent it. */
function describeEvent(event: unknown): object {
  if (!isObject(event)) return {};
  const [record] = [event['Records']].flat();
  const { eventSource, EventSource } = isObject(record) ? record : {};
  const isShown = (name: unknown) => typeof name === 'string' && SHOWN_NAME.test(name);
  const source = [event['source'], eventSource, EventSource].find(isShown);
  return {
    fields: Object.keys(event).filter(isShown).slice(0, SHOWN_FIELDS),
    ...(source !== undefined && { source }),
  };
}
