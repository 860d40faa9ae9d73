import { type MiddlewareConsumer, Module, type NestModule, RequestMethod } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BodyMemory } from '../http/body/body-memory.js';
import { exactPath } from '../http/middleware/exact-path.js';
import { UsageModule } from '../usage/usage.module.js';
import { AgentProvider } from './agent/agent.js';
import { AgentModule } from './agent/agent.module.js';
import { ChatHistoryController } from './api/chat-history.controller.js';
import { ChatListController } from './api/chat-list.controller.js';
import { ChatController } from './api/chat.controller.js';
import { RunningTurnController } from './api/running-turn.controller.js';
import { ChatHistoryService } from './service/chat-history.service.js';
import { ChatListService } from './service/chat-list.service.js';
import { ChatService } from './service/chat.service.js';
import { EarlierTurns } from './service/earlier-turns.js';
import { LiveTurns } from './service/live-turns.js';
import { ResumeService } from './service/resume.service.js';
import { RunningTurns } from './service/running-turns.js';
import { TurnEnding } from './service/turn-ending.js';
import { TurnRunner } from './service/turn-runner.js';
import { TurnStopService } from './service/turn-stop.service.js';
import { TurnAdmission } from './service/turn-admission.js';
import { TurnPlaces } from './service/turn-places.js';
import { TurnSupersession } from './service/turn-supersession.js';
import { TurnTimes } from './service/turn-times.js';
import { StorageModule } from './storage/storage.module.js';

/** Chats: the controllers, the services, the storage and the agent. */
@Module({
  imports: [AuthModule, UsageModule, StorageModule, AgentModule],
  controllers: [ChatController, ChatListController, ChatHistoryController, RunningTurnController],
  providers: [
    BodyMemory,
    ChatService,
    ChatListService,
    ChatHistoryService,
    TurnRunner,
    TurnEnding,
    EarlierTurns,
    RunningTurns,
    LiveTurns,
    TurnAdmission,
    TurnPlaces,
    TurnSupersession,
    TurnStopService,
    ResumeService,
    TurnTimes,
  ],
})
export class ChatModule implements NestModule {
  constructor(
    private readonly turns: RunningTurns,
    private readonly agent: AgentProvider,
  ) {}

  /** `DELETE /chats/`, with an empty id, must not delete all chats. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(exactPath).forRoutes({ path: 'chats', method: RequestMethod.DELETE });
  }

  /** Waits for all running turns, also if their clients have disconnected, and for what they leave to the agent. */
  async idle(): Promise<void> {
    await this.turns.idle();
    await this.agent.idle();
  }
}
