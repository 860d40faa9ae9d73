import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { BODY_LIMITS, LimitBody } from './body-limits.js';
import { BodyMemory } from './body-memory.js';
import { parseJsonBody, requireDepth } from './parse-json-body.js';
import { readBody, requireSize } from './read-body.js';

/**
 * Reads a JSON object of limited size and depth into `request.body`. A request without a body passes, whatever its type:
 * the route says what is missing.
 *
 * It is a guard because guards run in their order. Behind the guard of the token, nobody without a token has a body read.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  constructor(
    private readonly memory: BodyMemory,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & { user?: { id: string } }>();
    if (request.user === undefined) throw new Error('JsonBodyGuard is used on a route without the guard of the token');
    const route = this.reflector.get(LimitBody, context.getHandler());
    const limits = route ?? BODY_LIMITS;
    const bytes = await readBody(request.user.id, request, { memory: this.memory, limits });
    const body = parseJsonBody(bytes, limits);
    if (body !== undefined && route !== undefined) {
      const { maxBytes, maxDepth } = route.ofBody(body);
      requireSize(bytes.length, maxBytes);
      requireDepth(body, maxDepth);
    }
    request.body = body;
    return true;
  }
}
