import type { HealthController, HealthResponse } from '../../health/health.controller.js';
import { json, type Operations } from './describe.js';
import { NOT_READY } from './failures.js';
import { object, type Schema } from './schema.js';

export const HEALTH_SCHEMAS: Readonly<Record<string, Schema>> = {
  Health: object<HealthResponse>('The result of a probe', { status: { const: 'ok' } }),
};

export const HEALTH_OPERATIONS: Operations<HealthController> = {
  getHealth: {
    id: 'getHealth',
    summary: 'Tell whether the service runs',
    response: json('It runs', 'Health'),
    failures: [],
  },
  getReadiness: {
    id: 'getReadiness',
    summary: 'Tell whether the service can work',
    description: 'Checks that the table can be read, and that there are signing keys. The result is kept for a second.',
    response: json('It can work', 'Health'),
    failures: NOT_READY,
  },
};
