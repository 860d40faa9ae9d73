import { AsyncLocalStorage } from 'node:async_hooks';

/** Facts about the current request. */
export interface RequestContext {
  /** The caller's `x-request-id`, the host's id of the request, or a new one: 1..64 of `[A-Za-z0-9._-]`. */
  readonly requestId: string;
  /** Epoch milliseconds by which the host needs the response; undefined if the host sets no limit. */
  readonly deadline?: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` with `context` as the context of all that it calls, now or later. */
export function runWithRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the current request, or undefined outside of a request, for example at start-up. */
export function currentRequestContext(): RequestContext | undefined {
  return storage.getStore();
}
