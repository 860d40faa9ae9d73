import { Reflector } from '@nestjs/core';

/** What the service reads of a body. */
export interface BodyLimits {
  /** Bytes. */
  readonly maxBytes: number;
  /** Levels of objects and arrays. Libraries that walk a body recursively overflow the stack at a few thousand. */
  readonly maxDepth: number;
}

/** The limits of a route whose bodies have several forms: the greatest, and the limits of each form. */
export interface RouteBodyLimits extends BodyLimits {
  /** The limits of a body that has been read and parsed. */
  readonly ofBody: (body: object) => BodyLimits;
}

export const BODY_LIMITS: BodyLimits = { maxBytes: 256 * 1024, maxDepth: 16 };

/** Sets the limits of a route; by default they are {@link BODY_LIMITS}. */
export const LimitBody = Reflector.createDecorator<RouteBodyLimits>();
