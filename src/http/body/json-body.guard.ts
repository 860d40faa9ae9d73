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
    const request = context.switchToHttp().getRequest<Request>();
    request.body = parseJsonBody(await readBody(request, this.memory));
    return true;
  }
}
