import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBServiceException, ThrottlingException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { sentTo } from './redirected-request.js';
import { type StorageCall, storageCall, type StorageStep } from './storage-calls.js';
import { HALF_A_REPLY, startStuckServer } from './stuck-server.js';

/**
 * When a call is delivered a second time: at once (its caller gets the second answer), after so many further calls of
 * any kind, or after the next release, begin or delete of the same chat has been done.
 */
export type Redelivery = 'at once' | 'release' | 'begin' | 'delete' | { readonly calls: number };

/** How the table meets one attempt of a call. */
export type StorageFault =
  /** Refused, nothing written; the SDK tries again. */
  | { readonly type: 'throttle' }
  /** Refused for good: as if whoever calls had died, nothing of it arrives, and the SDK does not try again. */
  | { readonly type: 'refused' }
  /** Written, and the connection is lost before the reply. */
  | { readonly type: 'reply lost' }
  | { readonly type: 'redelivery'; readonly after: Redelivery }
  /** Held up on its way: the SDK sees a lost connection and tries again, and what it sent first arrives later. */
  | { readonly type: 'late'; readonly after: Exclude<Redelivery, 'at once'> }
  | { readonly type: 'delay'; readonly milliseconds: number }
  /** Sent to a server that takes everything and answers nothing: the client's own time-out has to end it. */
  | { readonly type: 'hang' }
  /** The same, but the server sends the headers of a reply and a half of its body first. */
  | { readonly type: 'stall' };

/** Which attempts a fault meets. Everything that is absent does not restrict it. */
export interface FaultChoice {
  readonly steps?: readonly StorageStep[];
  /** Names of the SDK's commands, such as `UpdateItemCommand`. */
  readonly commands?: readonly string[];
  /** Matching attempts that are let through first; 0 by default. */
  readonly skip?: number;
  /** Matching attempts that are met, then the fault is over; all by default. */
  readonly times?: number;
  /** Meets an attempt with this chance only, by a generator that is seeded. */
  readonly chance?: { readonly probability: number; readonly random: () => number };
}

/** A write that was delivered again, or late. */
export interface RepeatedCall extends StorageCall {
  /** What had been done when it was delivered; `rest`: all else, because it had waited for something that did not come. */
  readonly after: Redelivery | 'rest';
  /** Whether a condition refused the repetition. */
  readonly isRefused: boolean;
}

interface Rule {
  readonly fault: () => StorageFault;
  readonly choice: FaultChoice;
  seen: number;
  met: number;
}

interface Pending {
  readonly call: StorageCall;
  readonly after: Redelivery;
  readonly deliver: () => Promise<unknown>;
  callsLeft: number;
}

/** The faults of one client's table. */
export interface StorageFaults {
  /** Every attempt so far, those that met a fault too, but no repetitions. */
  readonly calls: readonly StorageCall[];
  readonly repeated: readonly RepeatedCall[];
  /** Has attempts meet a fault; of several that would fit, the one set first. A function is asked each time. */
  inject(fault: StorageFault | (() => StorageFault), choice?: FaultChoice): void;
  /** Ends all faults; what is still to be delivered again remains so. */
  clear(): void;
  /** Delivers again all that still waits for its time. */
  deliverRest(): Promise<void>;
  close(): void;
}

/**
 * Puts a layer of faults between the SDK's retries and the wire of a client, so that each attempt meets it, and what
 * the SDK sees are errors of the kind that it sees in earnest.
 */
export async function startStorageFaults(
  client: Pick<DynamoDBDocumentClient, 'middlewareStack'>,
): Promise<StorageFaults> {
  const silent = await startStuckServer();
  const stalling = await startStuckServer(HALF_A_REPLY);
  let rules: Rule[] = [];
  let pending: Pending[] = [];
  const calls: StorageCall[] = [];
  const repeated: RepeatedCall[] = [];

  async function deliver(due: readonly Pending[], reason?: 'rest'): Promise<void> {
    pending = pending.filter((entry) => !due.includes(entry));
    for (const { call, after, deliver: again } of due)
      repeated.push({ ...call, after: reason ?? after, isRefused: await isRefused(again()) });
  }

  async function meet<T>(
    fault: StorageFault | undefined,
    call: StorageCall,
    send: (port?: number) => Promise<T>,
  ): Promise<T> {
    switch (fault?.type) {
      case 'throttle':
        throw new ThrottlingException({ message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } });
      case 'refused':
        throw new DynamoDBServiceException({ name: 'AccessDeniedException', $fault: 'client', $metadata: {} });
      case 'reply lost':
        await isRefused(send());
        throw lostConnection();
      case 'redelivery':
        if (fault.after === 'at once') {
          await isRefused(send());
          const second = send();
          repeated.push({ ...call, after: fault.after, isRefused: await isRefused(second) });
          return second;
        }
        break;
      case 'late':
        throw lostConnection();
      case 'delay':
        await wait(fault.milliseconds);
        break;
      case 'hang':
        return send(silent.port);
      case 'stall':
        return send(stalling.port);
      case undefined:
    }
    return send();
  }

  client.middlewareStack.add(
    (next, context) => async (args) => {
      const call = storageCall(context.commandName ?? '', args.input);
      calls.push(call);
      const fault = chosenFault(rules, call);
      const send = (port?: number) =>
        next(port === undefined ? args : { ...args, request: sentTo(args.request, port) });
      const waiting = pending;
      try {
        return await meet(fault, call, send);
      } finally {
        for (const entry of waiting) entry.callsLeft -= 1;
        await deliver(waiting.filter((entry) => pending.includes(entry) && isDue(entry, call)));
        if (fault && 'after' in fault && fault.after !== 'at once') {
          const callsLeft = typeof fault.after === 'object' ? fault.after.calls : Infinity;
          pending = [...pending, { call, after: fault.after, deliver: send, callsLeft }];
        }
      }
    },
    // The retries of the SDK come before, with high priority.
    { name: 'storageFaults', step: 'finalizeRequest', priority: 'low' },
  );

  return {
    calls,
    repeated,
    inject: (fault, choice = {}) => {
      rules = [...rules, { fault: typeof fault === 'function' ? fault : () => fault, choice, seen: 0, met: 0 }];
    },
    clear: () => {
      rules = [];
    },
    deliverRest: () => deliver(pending, 'rest'),
    close: () => {
      silent.close();
      stalling.close();
    },
  };
}

function chosenFault(rules: readonly Rule[], call: StorageCall): StorageFault | undefined {
  for (const rule of rules) {
    const { steps, commands, skip = 0, times = Infinity, chance } = rule.choice;
    if (steps?.includes(call.step) === false || commands?.includes(call.command) === false) continue;
    rule.seen += 1;
    if (rule.seen <= skip || rule.met >= times || (chance && chance.random() >= chance.probability)) continue;
    rule.met += 1;
    return rule.fault();
  }
  return undefined;
}

function lostConnection(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
}

/** Whether a call was the one that a repetition waits for. */
function isDue({ call, after, callsLeft }: Pending, done: StorageCall): boolean {
  if (typeof after === 'object') return callsLeft <= 0;
  if (call.chatId !== done.chatId) return false;
  return after === 'delete' ? done.endsDelete : done.step === after;
}

async function isRefused(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => false,
    (error: unknown) => {
      if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return true;
      throw error;
    },
  );
}
