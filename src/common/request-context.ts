import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known about the request that the running code works for. */
export interface RequestContext {
  /** The caller's `x-request-id`, the host's own id of the request, or ours: 1..64 of `[A-Za-z0-9._-]`. */
  readonly requestId: string;
  /** Epoch milliseconds by which the host wants the answer; absent where the host sets no limit. */
  readonly deadline?: number;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` so that everything it calls, now or later, sees `context`. */
export function runWithRequestContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The context of the running request, or undefined outside of one (at start-up, in a timer of our own). */
export function currentRequestContext(): RequestContext | undefined {
  return storage.getStore();
}
