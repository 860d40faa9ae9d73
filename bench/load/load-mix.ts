import { setTimeout as wait } from 'node:timers/promises';
import {
  deleteChat,
  hasManyChats,
  listChats,
  readChat,
  readPages,
  renameChat,
  visitForeignChat,
} from './chat-actions.js';
import type { LoadUser } from './load-user.js';
import { sendBadBody, sendBadToken } from './refused-actions.js';
import {
  doubleTurn,
  leaveStream,
  leaveTurn,
  raceTurns,
  readMeanwhile,
  repeatTurn,
  runTurn,
  streamTurn,
} from './turn-actions.js';
import { ConnectionLostError, RefusedError } from './wrong-answer.js';

type Action = (user: LoadUser, users: readonly LoadUser[]) => Promise<unknown>;

/** What users do, and how often of 100 times. */
const MIX: readonly (readonly [weight: number, action: Action])[] = [
  [8, (user) => (hasManyChats(user) ? deleteChat(user) : runTurn(user))],
  [20, (user) => runTurn(user, { chat: user.pickChat(), key: user.random() < 0.5 ? user.nextKey() : undefined })],
  [14, (user) => streamTurn(user, { chat: user.random() < 0.9 ? user.pickChat() : undefined })],
  [14, readChat],
  [5, readPages],
  [7, listChats],
  [4, renameChat],
  [3, deleteChat],
  [6, repeatTurn],
  [3, doubleTurn],
  [2, raceTurns],
  [2, readMeanwhile],
  [3, leaveStream],
  [3, leaveTurn],
  [2, visitForeignChat],
  [2, sendBadToken],
  [2, sendBadBody],
];
const TOTAL = MIX.reduce((sum, [weight]) => sum + weight, 0);

/** What went on while the users worked. */
export interface LoadResult {
  /** Responses that break the contract. */
  readonly wrong: string[];
  /** Statuses of a busy service. */
  readonly refused: Map<number, number>;
  /** When the requests were sent that got no response. */
  readonly lost: number[];
}

/** Lets every user do one thing after the other until the time is over, or its connection is lost. */
export async function runLoad(users: readonly LoadUser[], isOver: () => boolean): Promise<LoadResult> {
  const result: LoadResult = { wrong: [], refused: new Map(), lost: [] };
  await Promise.all(
    users.map(async (user) => {
      while (!isOver()) {
        try {
          await chooseAction(user)(user, users);
        } catch (error) {
          if (error instanceof ConnectionLostError) {
            result.lost.push(error.sentAt);
            return;
          }
          if (error instanceof RefusedError) {
            result.refused.set(error.status, (result.refused.get(error.status) ?? 0) + 1);
            await wait(100);
            continue;
          }
          result.wrong.push(describe(error));
        }
      }
    }),
  );
  return result;
}

/** Compares every chat of every user with what was acknowledged. @returns what is wrong. */
export async function verifyAll(users: readonly LoadUser[]): Promise<string[]> {
  const wrong: string[] = [];
  await Promise.all(users.map((user) => user.verify((error) => wrong.push(describe(error)))));
  return wrong;
}

function chooseAction(user: LoadUser): Action {
  let left = user.random() * TOTAL;
  for (const [weight, action] of MIX) {
    left -= weight;
    if (left < 0) return action;
  }
  return readChat;
}

function describe(error: unknown): string {
  return error instanceof Error && error.name === 'WrongAnswerError' ? error.message : String((error as Error).stack);
}
