import { Clock } from '../../../src/common/clock.js';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { AgentProvider } from '../../../src/chat/agent/agent.js';
import { Environment } from '../../../src/config/environment.js';
import { ChatListService } from '../../../src/chat/service/chat-list.service.js';
import { type EndedTurn, type TurnEnd, TurnEnding } from '../../../src/chat/service/turn-ending.js';
import type { LiveTurns } from '../../../src/chat/service/live-turns.js';
import type { RunningTurns } from '../../../src/chat/service/running-turns.js';
import type { TurnPlaces } from '../../../src/chat/service/turn-places.js';
import { TurnTimes } from '../../../src/chat/service/turn-times.js';
import { DynamoChatDeletion } from '../../../src/chat/storage/dynamo-chat-deletion.js';
import { DynamoChatListRepository } from '../../../src/chat/storage/dynamo-chat-list.repository.js';
import { DynamoChatRepository } from '../../../src/chat/storage/dynamo-chat.repository.js';
import { DynamoHeadRepair } from '../../../src/chat/storage/dynamo-head-repair.js';
import { DynamoHiddenTurns } from '../../../src/chat/storage/dynamo-hidden-turns.js';
import { DynamoHistoryRepository } from '../../../src/chat/storage/dynamo-history.repository.js';
import { DynamoLegacyHistory } from '../../../src/chat/storage/dynamo-legacy-history.js';
import { DynamoSweep } from '../../../src/chat/storage/dynamo-sweep.js';
import { DynamoTurnCancellation } from '../../../src/chat/storage/dynamo-turn-cancellation.js';
import { DynamoTurnConflict } from '../../../src/chat/storage/dynamo-turn-conflict.js';
import { DynamoTurnLease } from '../../../src/chat/storage/dynamo-turn-lease.js';
import { DynamoTurnOpening } from '../../../src/chat/storage/dynamo-turn-opening.js';
import { DynamoTurnRecovery } from '../../../src/chat/storage/dynamo-turn-recovery.js';
import { DynamoTurnReplacement } from '../../../src/chat/storage/dynamo-turn-replacement.js';
import { DynamoTurnStop } from '../../../src/chat/storage/dynamo-turn-stop.js';
import { DynamoVisibleTurns } from '../../../src/chat/storage/dynamo-visible-turns.js';
import { DynamoTable } from '../../../src/dynamodb/dynamo-table.js';
import { TableScan } from '../../../src/dynamodb/table-scan.js';
import { DynamoTurnQuotaRepository } from '../../../src/usage/dynamo-turn-quota.repository.js';
import { TurnQuota } from '../../../src/usage/turn-quota.js';
import type { RunningTurn } from '../../../src/chat/model/turn.js';
import type { SimulatedClient } from './simulated-client.js';
import type { World } from './world.js';

/** The name that the configuration has by default. */
export const TABLE_NAME = new Environment().DYNAMODB_TABLE;
/** The agent of all turns. */
export const MEMORY = { agent: 'agent', ownsUnnamedSessions: false, idleSeconds: 600 };
const AGENT = { memory: MEMORY } as unknown as AgentProvider;
/** The service deletes with another agent, so it has no session to end. */
const OTHER_AGENT = { memory: { ...MEMORY, agent: 'other' } } as unknown as AgentProvider;

/** Settings that may change while processes run, as by a deployment. */
export interface ChangingSettings {
  chatTtlDays: number;
  readonly turnsPerMinute: number;
  readonly turnsAtOnce: number;
}

/** Sees how a turn ends, also if its caller waits no longer. */
export interface EndObserver {
  /** Its end is written from now on. */
  readonly onComplete: () => void;
  readonly onStored: (number: number) => void;
  /** What goes on after its caller has an error. */
  readonly keep: (work: Promise<unknown>) => void;
}

/** The parts of the product that use the table. */
export interface ServiceParts {
  readonly chats: DynamoChatRepository;
  readonly history: DynamoHistoryRepository;
  readonly list: ChatListService;
  readonly deletion: DynamoChatDeletion;
  readonly quota: TurnQuota;
  readonly sweep: DynamoSweep;
  /** Ends a turn as the service does. */
  readonly endTurn: (user: string, begun: RunningTurn, end: TurnEnd, observer: EndObserver) => Promise<EndedTurn>;
}

/** Simulated turns are not live: their runs are steps of the schedule. */
const NO_LIVE_TURNS = { stop: () => undefined } as unknown as LiveTurns;

/** Builds the parts as the modules of the product do. They keep nothing between requests, so all processes share them. */
export function buildParts(world: World, client: SimulatedClient, changing: ChangingSettings): ServiceParts {
  const settings = {
    region: 'eu-central-1',
    endpoint: undefined,
    name: TABLE_NAME,
    get chatTtlDays() {
      return changing.chatTtlDays;
    },
  };
  const clock = Object.assign(new Clock(), { sleep: (milliseconds: number) => world.sleep(milliseconds) });
  const documents = client as unknown as DynamoDBDocumentClient;
  const table = new DynamoTable(documents, settings, clock);
  const leases = new DynamoTurnLease(table);
  const hiddenTurns = new DynamoHiddenTurns(table);
  const recovery = new DynamoTurnRecovery(table, leases, hiddenTurns, settings);
  const repair = new DynamoHeadRepair(table);
  const legacy = new DynamoLegacyHistory(table, settings);
  const visible = new DynamoVisibleTurns(table, legacy, recovery);
  const replacements = new DynamoTurnReplacement(visible, legacy);
  const stops = new DynamoTurnStop(table, recovery, legacy, clock);
  const conflicts = new DynamoTurnConflict(table, recovery, repair, stops);
  const cancellation = new DynamoTurnCancellation(table);
  const opening = new DynamoTurnOpening(table, conflicts, replacements, cancellation, recovery, legacy, settings);
  const deletion = new DynamoChatDeletion(table, recovery, repair, stops);
  const list = new DynamoChatListRepository(table, legacy, repair);
  const { turnsPerMinute, turnsAtOnce } = changing;
  const quotaSettings = { turnsPerMinute, turnsAtOnce, turnsPerDay: 0 };
  const quota = new TurnQuota(new DynamoTurnQuotaRepository(table), quotaSettings, clock);
  const chats = new DynamoChatRepository(table, opening, recovery, hiddenTurns, legacy, settings);
  return {
    chats,
    history: new DynamoHistoryRepository(table, visible),
    deletion,
    list: new ChatListService(
      list,
      deletion,
      OTHER_AGENT,
      NO_LIVE_TURNS,
      quota as unknown as TurnPlaces,
      new TurnTimes(),
    ),
    quota,
    sweep: new DynamoSweep(table, new TableScan(documents, settings), deletion, clock),
    endTurn: (user, begun, end, observer) => {
      const running = { storing: new AbortController().signal, keep: observer.keep } as RunningTurns;
      const ending = new TurnEnding(observe(chats, observer), leases, AGENT, running, new TurnTimes());
      return ending.end(user, begun, end);
    },
  };
}

function observe(chats: DynamoChatRepository, { onComplete, onStored }: EndObserver): DynamoChatRepository {
  const observed: Pick<DynamoChatRepository, 'complete' | 'release'> = {
    complete: async (...turn) => {
      onComplete();
      const stored = await chats.complete(...turn);
      onStored(stored.number);
      return stored;
    },
    release: (...turn) => chats.release(...turn),
  };
  return observed as DynamoChatRepository;
}
