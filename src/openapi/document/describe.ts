import type { Type } from '@nestjs/common';
import { GUARDS_METADATA } from '@nestjs/common/constants.js';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { IdTokenGuard } from '../../auth/id-token.guard.js';
import { listErrorResponses } from './error-responses.js';
import { type Failure, NO_TOKEN, UNEXPECTED } from './failures.js';
import { headerRefs } from './headers.js';
import { type Schema, schemaRef } from './schema.js';

/** The names of the ways to send a token, in `components.securitySchemes`. */
export const TOKEN_HEADER = 'id_token';
export const BEARER_TOKEN = 'bearer';

/** What a caller has to know of one method of a controller. Its path and its parameters are read from Nest. */
export interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Decorators that say more of parameters and body than Nest knows. */
  readonly request?: readonly MethodDecorator[];
  readonly response: SuccessResponse;
  /** If the route may succeed with another status. */
  readonly otherResponse?: SuccessResponse;
  /** Beside those of every route, and of every route that needs a token. */
  readonly failures: readonly Failure[];
  /** Headers of the failures, beside those of every route. */
  readonly failureHeaders?: readonly string[];
}

/** One description for each method of a controller. The compiler refuses a method that is missing. */
export type Operations<Controller> = Readonly<Record<keyof Controller & string, Operation>>;

interface SuccessResponse {
  readonly status: number;
  readonly description: string;
  /** Headers beside those of every route. */
  readonly headers?: readonly string[];
  /** The schemas of the body by media type; absent for a response without a body. */
  readonly content?: Readonly<Record<string, { readonly schema: Schema; readonly example?: string }>>;
}

/** A response 200 with a body in JSON. */
export function json(description: string, schemaName: string, headers: readonly string[] = []): SuccessResponse {
  return { status: 200, description, headers, content: { 'application/json': { schema: schemaRef(schemaName) } } };
}

/**
 * Puts the decorators of `@nestjs/swagger` on the methods of a controller, from outside: a controller that has them
 * itself would load that package on Lambda. To be called once for each controller.
 */
export function describeController<Controller extends object>(
  controller: Type<Controller>,
  tag: string,
  operations: Operations<Controller>,
): void {
  const guards = (Reflect.getMetadata(GUARDS_METADATA, controller) ?? []) as readonly unknown[];
  const needsToken = guards.includes(IdTokenGuard);
  const prototype = controller.prototype as object;
  for (const [name, operation] of Object.entries<Operation>(operations)) {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    const decorators = [ApiTags(tag), ...(needsToken ? listTokenDecorators() : []), ...listDecorators(operation)];
    for (const decorate of decorators) decorate(prototype, name, descriptor);
    const failures = [...(needsToken ? NO_TOKEN : []), ...operation.failures, ...UNEXPECTED];
    for (const decorate of listErrorResponses(failures, operation.failureHeaders))
      decorate(prototype, name, descriptor);
  }
}

function listTokenDecorators(): MethodDecorator[] {
  return [ApiSecurity(TOKEN_HEADER), ApiBearerAuth(BEARER_TOKEN)];
}

function listDecorators({ id, summary, description = '', ...operation }: Operation): MethodDecorator[] {
  const { request = [], response, otherResponse } = operation;
  return [
    ApiOperation({ operationId: id, summary, description }),
    ...request,
    toResponse(response),
    ...(otherResponse ? [toResponse(otherResponse)] : []),
  ];
}

function toResponse({ headers = [], ...response }: SuccessResponse): MethodDecorator {
  return ApiResponse({ ...response, headers: headerRefs(...headers) });
}
