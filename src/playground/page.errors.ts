import { DomainError } from '../common/domain-error.js';

/** The page has no such file. The response is the same as for any unknown path. */
export class PageFileUnknownError extends DomainError {
  readonly kind = 'not-found';

  constructor() {
    super('Not found');
  }
}
