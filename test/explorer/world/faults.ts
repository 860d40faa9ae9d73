/** What happens to one attempt of a call. Times are milliseconds. */
export type Fault =
  /** The request arrives later. After 1.5 s its sender tries again, and it arrives all the same. */
  | { readonly kind: 'slow request' | 'slow reply'; readonly milliseconds: number }
  /** The network delivers the request again. */
  | { readonly kind: 'delivered twice'; readonly milliseconds: number }
  | { readonly kind: 'request lost' | 'reply lost' | 'throttled' }
  /** The process dies: before the request leaves it, or while the request is under way. */
  | { readonly kind: 'crash before' | 'crash after' }
  /** The process stands still. Then it sees the reply, or its own time limit first. */
  | { readonly kind: 'freeze, then reply' | 'freeze, then timeout'; readonly milliseconds: number }
  /** A batch leaves so many items. */
  | { readonly kind: 'unprocessed'; readonly count: number }
  /** The index sees the write later. */
  | { readonly kind: 'slow index'; readonly milliseconds: number };

/** Faults by the number of the attempt within its step, from 0. */
export type Faults = Readonly<Record<number, Fault>>;

export function describeFault(fault: Fault): string {
  if ('milliseconds' in fault) return `${fault.kind} (${fault.milliseconds / 1000} s)`;
  return 'count' in fault ? `${fault.count} items unprocessed` : fault.kind;
}
