import { randomUUID } from 'node:crypto';
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import { Injectable } from '@nestjs/common';
import { Environment } from '../config/environment.js';
import type { Message, StoredChat, Turn, TurnOutcome } from './chat.js';
import {
  abandonedTurnItem,
  beganTurn,
  type HeadItem,
  headKey,
  keyAttribute,
  messagesOfItem,
  messagesOfOpen,
  type OpenTurn,
  storedChatOf,
  type TurnItem,
  turnItem,
  turnSortKey,
} from './chat-items.js';
import { groupIntoTurns } from './chat-history.js';
import { titleFrom } from './chat-title.js';
import { ChatNotFoundError, TurnInProgressError } from './chat.errors.js';
import { storage, unlessRefused } from './storage-call.js';

/** Beyond the deadline a turn keeps its lease for this long, because clocks differ. */
const LEASE_MARGIN_MILLISECONDS = 15_000;
/** A begin that keeps losing the race for the head gives up after this many tries. */
const BEGIN_ATTEMPTS = 3;
/** What a refused caller is told to wait at most: most turns end long before their lease. */
const RETRY_AFTER_MAX_SECONDS = 5;

/** What a turn begins with. */
export interface TurnRequest {
  /** The chat to go on with; without it a new chat is opened. */
  readonly chatId: string | undefined;
  readonly prompt: string;
  /** Epoch milliseconds by which the turn will have ended. */
  readonly deadline: number;
}

/** A turn as begin tries to write it. */
interface OpeningTurn {
  readonly chatId: string;
  readonly isNewChat: boolean;
  readonly open: OpenTurn;
}

/**
 * The chats in DynamoDB: a head item per chat and an item per ended turn. A turn is three writes, whatever the
 * length of the chat: begin, complete, release. Each of them recognises its own repetition, because any call of the
 * SDK may be delivered twice. `chat-items.ts` says what the items look like.
 *
 * Every method throws StorageUnavailableError when the table cannot be reached or throttles.
 */
@Injectable()
export class DynamoChatRepository {
  constructor(
    private readonly table: DynamoDBDocumentClient,
    private readonly environment: Environment,
  ) {}

  /**
   * Begins a turn in one write: opens the chat or checks that it is this user's, gives the turn its number, takes
   * the lease and stores the prompt, which is durable from here on.
   *
   * @throws ChatNotFoundError, TurnInProgressError
   */
  async begin(userId: string, { chatId, prompt, deadline }: TurnRequest): Promise<Turn> {
    const at = new Date().toISOString();
    const opening: OpeningTurn = {
      chatId: chatId ?? randomUUID(),
      isNewChat: chatId === undefined,
      open: { lease: randomUUID(), until: deadline + LEASE_MARGIN_MILLISECONDS, prompt, at },
    };
    for (let attempt = 1; attempt <= BEGIN_ATTEMPTS; attempt += 1) {
      const head = (await this.tryToOpen(userId, opening)) ?? (await this.openedOrFreed(userId, opening));
      if (head) return beganTurn(head, opening.open);
    }
    throw new TurnInProgressError(1);
  }

  /**
   * Stores how a turn ended, unless another run of the turn has already done so.
   *
   * @returns the turn as it now stands in the history.
   */
  async complete(userId: string, turn: Turn, outcome: TurnOutcome): Promise<Message[]> {
    const item = turnItem(userId, turn, outcome, new Date().toISOString());
    const kept = await this.put(item, 'attribute_not_exists(id) OR lease = :lease', { ':lease': turn.lease });
    if (!kept) throw new Error('the number of the turn is taken by another turn');
    return messagesOfItem(item);
  }

  /**
   * Lets the chat go for its next turn, if this turn still holds it.
   *
   * @returns the chat's new `updatedAt`.
   */
  async release(userId: string, turn: Turn): Promise<string> {
    const now = new Date().toISOString();
    const stale = Object.fromEntries(turn.staleKeys.map((name, index) => [`#stale${index}`, name]));
    await this.update({
      Key: headKey(userId, turn.chat.id),
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: `SET updated_at = :now, #session = :session REMOVE ${['#open', ...Object.keys(stale)].join(', ')}`,
      ExpressionAttributeNames: { '#open': 'open', '#session': 'session', ...stale },
      ExpressionAttributeValues: { ':lease': turn.lease, ':now': now, ':session': { gen: turn.session, at: now } },
      ReturnValues: 'NONE',
    });
    return now;
  }

  /** The turns before this one, oldest first, as many as `limit` messages may need. */
  async turnsBefore(userId: string, turn: Turn, limit: number): Promise<Message[][]> {
    return this.turnsUpTo(userId, turn.chat, turn.number - 1, limit);
  }

  /**
   * Reads a chat back: its head, then its newest turns, the running one included.
   *
   * @throws ChatNotFoundError
   */
  async read(userId: string, chatId: string, limit: number): Promise<{ chat: StoredChat; turns: Message[][] }> {
    const head = await this.getHead(userId, chatId);
    if (!head) throw new ChatNotFoundError();
    const chat = storedChatOf(head);
    const lastTurn = head.turns ?? 0;
    const turns = await this.turnsUpTo(userId, chat, lastTurn, limit);
    const running = head.open && !(await this.getTurn(userId, chatId, lastTurn));
    return { chat, turns: running && head.open ? [...turns, messagesOfOpen(head.open, Date.now())] : turns };
  }

  /** @returns the head as begun, or undefined when the condition refused. */
  private async tryToOpen(userId: string, { chatId, isNewChat, open }: OpeningTurn): Promise<HeadItem | undefined> {
    const condition = isNewChat ? 'attribute_not_exists(id)' : 'attribute_exists(id) AND attribute_not_exists(#open)';
    return this.update({
      Key: headKey(userId, chatId),
      ConditionExpression: `${condition} AND attribute_not_exists(#key)`,
      UpdateExpression:
        'SET turns = if_not_exists(turns, :none) + :one, #key = if_not_exists(turns, :none) + :one, #open = :open, ' +
        '#title = if_not_exists(#title, :title), created_at = if_not_exists(created_at, :at), ' +
        'updated_at = if_not_exists(updated_at, :at)',
      ExpressionAttributeNames: { '#open': 'open', '#title': 'title', '#key': keyAttribute(open.lease) },
      ExpressionAttributeValues: {
        ':none': 0,
        ':one': 1,
        ':open': open,
        ':title': titleFrom(open.prompt),
        ':at': open.at,
      },
    });
  }

  /**
   * Finds out why begin was refused. A refusal that finds our own lease has begun: the SDK delivered it twice. A turn
   * whose lease has run out, or whose item is there, is cleared away, and begin may try again.
   *
   * @returns the head when this turn has begun after all, undefined to try again.
   * @throws ChatNotFoundError, TurnInProgressError
   */
  private async openedOrFreed(userId: string, { chatId, open: mine }: OpeningTurn): Promise<HeadItem | undefined> {
    const head = await this.getHead(userId, chatId);
    if (!head) throw new ChatNotFoundError();
    const { open } = head;
    if (!open) return undefined;
    if (open.lease === mine.lease) return head;
    const millisecondsLeft = open.until - Date.now();
    if (millisecondsLeft > 0 && !(await this.getTurn(userId, chatId, head.turns ?? 0))) {
      throw new TurnInProgressError(Math.min(RETRY_AFTER_MAX_SECONDS, Math.ceil(millisecondsLeft / 1000)));
    }
    await this.clearAway(userId, head, open);
    return undefined;
  }

  /** Keeps the prompt of a dead turn as a failed one, unless its answer is there, and frees the chat. */
  private async clearAway(userId: string, head: HeadItem, open: OpenTurn): Promise<void> {
    await this.put(abandonedTurnItem(head, open, new Date().toISOString()), 'attribute_not_exists(id)');
    await this.update({
      Key: headKey(userId, head.id),
      ConditionExpression: '#open.lease = :lease',
      UpdateExpression: 'REMOVE #open',
      ExpressionAttributeNames: { '#open': 'open' },
      ExpressionAttributeValues: { ':lease': open.lease },
    });
  }

  /** The turns 1 to `last`, oldest first, behind the messages that the head itself holds. */
  private async turnsUpTo(userId: string, chat: StoredChat, last: number, limit: number): Promise<Message[][]> {
    const newestFirst: Message[][] = [];
    let messages = 0;
    let startKey: Record<string, unknown> | undefined;
    let isMore = last > 0;
    while (isMore && messages < limit) {
      const page = await storage(
        this.table.send(
          new QueryCommand({
            TableName: this.environment.DYNAMODB_TABLE,
            KeyConditionExpression: 'id = :chat AND user_id BETWEEN :first AND :last',
            ExpressionAttributeValues: {
              ':chat': chat.id,
              ':first': turnSortKey(userId, 1),
              ':last': turnSortKey(userId, last),
            },
            ConsistentRead: true,
            ScanIndexForward: false,
            Limit: Math.ceil(limit / 2),
            ...(startKey && { ExclusiveStartKey: startKey }),
          }),
        ),
      );
      const turns = (page.Items ?? []).map((item) => messagesOfItem(item as TurnItem));
      newestFirst.push(...turns);
      messages += turns.flat().length;
      startKey = page.LastEvaluatedKey;
      isMore = startKey !== undefined;
    }
    return [...groupIntoTurns(chat.inlineMessages), ...newestFirst.toReversed()];
  }

  private async getHead(userId: string, chatId: string): Promise<HeadItem | undefined> {
    return (await this.get(chatId, userId)) as HeadItem | undefined;
  }

  private async getTurn(userId: string, chatId: string, number: number): Promise<TurnItem | undefined> {
    return (await this.get(chatId, turnSortKey(userId, number))) as TurnItem | undefined;
  }

  private async get(id: string, sortKey: string): Promise<Record<string, unknown> | undefined> {
    const command = new GetCommand({
      TableName: this.environment.DYNAMODB_TABLE,
      Key: { id, user_id: sortKey },
      ConsistentRead: true,
    });
    return (await storage(this.table.send(command))).Item;
  }

  /** @returns the item as written, or undefined when the condition refused. */
  private async update(input: Omit<UpdateCommandInput, 'TableName'>): Promise<HeadItem | undefined> {
    const command = new UpdateCommand({
      TableName: this.environment.DYNAMODB_TABLE,
      ReturnValues: 'ALL_NEW',
      ...input,
    });
    return (await unlessRefused(storage(this.table.send(command))))?.Attributes as HeadItem | undefined;
  }

  /** @returns whether the condition let the item in. */
  private async put(item: TurnItem, condition: string, values?: Record<string, unknown>): Promise<boolean> {
    const command = new PutCommand({
      TableName: this.environment.DYNAMODB_TABLE,
      Item: item,
      ConditionExpression: condition,
      ...(values && { ExpressionAttributeValues: values }),
    });
    return (await unlessRefused(storage(this.table.send(command)))) !== undefined;
  }
}
