import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { InvalidRequestError } from '../../../http/errors/http.errors.js';
import { parseMessageId } from '../../model/turn-ids.js';

/**
 * The query `turn_id`: the number of the turn of this chat that the id names, or undefined without one. The id of either
 * message names its turn.
 *
 * @throws InvalidRequestError for any other text, and if it is repeated.
 */
export const TurnNumber = createParamDecorator((_: unknown, context: ExecutionContext): number | undefined => {
  const { params, query } = context.switchToHttp().getRequest<Request>();
  const { turn_id: turnId } = query;
  if (turnId === undefined) return undefined;
  const place = typeof turnId === 'string' ? parseMessageId(String(params['id']), turnId) : undefined;
  if (!place) throw new InvalidRequestError(`Query 'turn_id' is invalid`);
  return place.number;
});
