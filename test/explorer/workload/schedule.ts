import type { Faults } from '../world/faults.js';

/**
 * A chat of a schedule. A key opens it always by the same request; without one each opening makes another chat, and the
 * newest counts.
 */
export interface ChatPlan {
  readonly user: string;
  readonly openingKey: string | undefined;
  /** Bytes of messages that the original system has left in its head; 0 for a chat that does not exist yet. */
  readonly legacyBytes: number;
  /** Its head has no room for another range of replaced turns, and its only turn is one of them. */
  readonly isFull?: boolean;
}

export type Action =
  | {
      readonly do: 'turn';
      readonly user: string;
      readonly chat: number;
      /** Opens the chat, or repeats its opening. */
      readonly opens: boolean;
      readonly key: string | undefined;
      readonly hasOtherPrompt: boolean;
      readonly agentMilliseconds: number;
      /** `vanishes`: the work ends without a word, as when a function is stopped. */
      readonly outcome: 'done' | 'partial' | 'failed' | 'vanishes';
      readonly replyBytes: number;
      /** How long the turn may take, in milliseconds. */
      readonly timeLimit: number;
      /** It replaces all turns after the one with this number. */
      readonly keptUntil?: number | undefined;
    }
  | { readonly do: 'read'; readonly user: string; readonly chat: number; readonly limit: number }
  | { readonly do: 'list'; readonly user: string; readonly limit: number }
  | { readonly do: 'rename'; readonly user: string; readonly chat: number }
  | { readonly do: 'delete'; readonly user: string; readonly chat: number; readonly evenIfExpired: boolean }
  | { readonly do: 'delete all'; readonly user: string }
  /** DynamoDB removes expired items: all, heads alone, or all but heads. */
  | { readonly do: 'expire'; readonly which: 'all' | 'heads' | 'turns' }
  /** CHAT_TTL_DAYS changes. */
  | { readonly do: 'set ttl'; readonly days: number }
  | { readonly do: 'crash' }
  | { readonly do: 'freeze'; readonly milliseconds: number };

/** One step: what a process begins to do, and when. */
export interface Step {
  /** Stays when other steps are removed. */
  readonly id: number;
  /** Milliseconds since the start. */
  readonly at: number;
  readonly process: number;
  readonly action: Action;
  readonly faults: Faults;
}

/** Everything that happens, in data: it runs always in the same way. */
export interface Schedule {
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly start: number;
  /** Milliseconds that the clock of each process is ahead. */
  readonly clocks: readonly number[];
  readonly ttlDays: number;
  /** 0 is no limit. */
  readonly turnsPerMinute: number;
  readonly turnsAtOnce: number;
  readonly chats: readonly ChatPlan[];
  readonly steps: readonly Step[];
}

const NAMES = 'ABCDEFGH';

export function nameProcess(index: number): string {
  return NAMES.charAt(index);
}

export function describeAction(action: Action): string {
  switch (action.do) {
    case 'turn': {
      const { user, chat, opens, key, outcome, agentMilliseconds, hasOtherPrompt, replyBytes, keptUntil } = action;
      const keyText = key === undefined ? '' : ` with key ${key}`;
      const other = hasOtherPrompt ? ' and another prompt' : '';
      const size = replyBytes > 0 ? ` of ${replyBytes} bytes` : '';
      const anew = keptUntil === undefined ? '' : ` in place of all turns after ${keptUntil}`;
      return `${user}: turn ${opens ? 'that opens' : 'of'} chat ${chat}${keyText}${other}${anew}; the agent takes ${agentMilliseconds / 1000} s: ${outcome}${size}`;
    }
    case 'read':
      return `${action.user}: reads chat ${action.chat}, ${action.limit} messages a page`;
    case 'list':
      return `${action.user}: lists chats, ${action.limit} a page`;
    case 'rename':
      return `${action.user}: renames chat ${action.chat}`;
    case 'delete':
      return `${action.user}: deletes chat ${action.chat}${action.evenIfExpired ? ', even if expired' : ''}`;
    case 'delete all':
      return `${action.user}: deletes all chats`;
    case 'expire':
      return `DynamoDB removes expired items: ${action.which}`;
    case 'set ttl':
      return `CHAT_TTL_DAYS becomes ${action.days}`;
    case 'crash':
      return 'crashes';
    case 'freeze':
      break;
  }
  return `stands still for ${action.milliseconds / 1000} s`;
}
