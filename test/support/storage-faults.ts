import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBServiceException, ThrottlingException } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { sentTo } from './redirected-request.js';
import { type StorageCall, storageCall, type StorageStep } from './storage-calls.js';
import { HALF_A_REPLY, startStuckServer } from './stuck-server.js';

/**
 * When a call is delivered a second time. After `at once` its caller gets the second result. `calls` counts further
 * calls of any kind. The other times come after that step of the same chat.
 */
export type Redelivery = 'at once' | 'release' | 'begin' | 'delete' | { readonly calls: number };

/** How the table meets one attempt of a call. */
export type StorageFault =
  /** Refused, nothing written; the SDK tries again. */
  | { readonly type: 'throttle' }
  /** Refused for good, as if the caller had died: nothing arrives, and the SDK does not try again. */
  | { readonly type: 'refused' }
  /** Written, and the connection is lost before the reply. */
  | { readonly type: 'reply lost' }
  | { readonly type: 'redelivery'; readonly after: Redelivery }
  /** The SDK sees a lost connection and tries again. The first attempt arrives later. */
  | { readonly type: 'late'; readonly after: Exclude<Redelivery, 'at once'> }
  | { readonly type: 'delay'; readonly milliseconds: number }
  | { readonly type: 'wait'; readonly until: Promise<unknown> }
  /** Written or read at once, and the reply comes later. */
  | { readonly type: 'reply later'; readonly until: Promise<unknown> }
  /** Sent to a server that never responds, so that the client's own timeout has to end it. */
  | { readonly type: 'hang' }
  /** The same, but the server first sends the headers of a reply and half of its body. */
  | { readonly type: 'stall' };

/** Which attempts get a fault. An absent field restricts nothing. */
export interface FaultChoice {
  readonly steps?: readonly StorageStep[];
  /** Names of the SDK's commands, such as `UpdateItemCommand`. */
  readonly commands?: readonly string[];
  /** The ids of chats. */
  readonly chats?: readonly string[];
  /** How many matching attempts pass first; 0 by default. */
  readonly skip?: number;
  /** How many matching attempts get the fault; all by default. */
  readonly times?: number;
  /** The chance of the fault, drawn from a seeded generator. */
  readonly chance?: { readonly probability: number; readonly random: () => number };
}

/** A write that was delivered again, or late. */
export interface RepeatedCall extends StorageCall {
  /** What came before the delivery. `rest`: all other calls, because the awaited step did not come. */
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
  /** Every attempt so far, with or without a fault, but no repetitions. */
  readonly calls: readonly StorageCall[];
  readonly repeated: readonly RepeatedCall[];
  /** Adds a fault. If several match an attempt, the first one counts. A function is called for each attempt. */
  inject(fault: StorageFault | (() => StorageFault), choice?: FaultChoice): void;
  /** Ends all faults. Pending repetitions stay pending. */
  clear(): void;
  /** Delivers all pending repetitions. */
  deliverRest(): Promise<void>;
  close(): void;
}

/**
 * Puts faults between a client's retries and its socket. Each attempt of the SDK passes them, and the SDK sees the
 * errors that it would see in production.
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
      case 'wait':
        await fault.until;
        break;
      case 'reply later': {
        const result = await send();
        await fault.until;
        return result;
      }
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
    // The SDK's retries come first, because their priority is high.
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
    const { steps, commands, chats, skip = 0, times = Infinity, chance } = rule.choice;
    if (steps?.includes(call.step) === false || commands?.includes(call.command) === false) continue;
    if (chats?.includes(call.chatId) === false) continue;
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

/** Whether a repetition waits for this call. */
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
