import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { BodyMemory } from './body-memory.js';
import { parseJsonBody } from './parse-json-body.js';
import { readBody } from './read-body.js';

/**
 * Reads a JSON object of limited size and depth into `request.body`. A request without a body passes, whatever its type:
 * the route says what is missing.
 *
 * It is a guard because guards run in their order. Behind the guard of the token, nobody without a token has a body read.
 */
@Injectable()
export class JsonBodyGuard implements CanActivate {
  constructor(private readonly memory: BodyMemory) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request & { user?: { id: string } }>();
    if (request.user === undefined) throw new Error('JsonBodyGuard is used on a route without the guard of the token');
    request.body = parseJsonBody(await readBody(request.user.id, request, this.memory));
    return true;
  }
}
