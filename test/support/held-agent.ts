import { findAgentClient } from './agent-client.js';
import type { ChatApp } from './chat-app.js';

/** A stop before the agent. A turn that has come there runs until the test releases it. */
export interface HeldAgent {
  /** Resolves when a turn is about to ask the agent. */
  readonly reached: Promise<void>;
  /** Lets this turn and all later ones ask the agent. */
  release(): void;
}

/** Holds the turns of an app before its agent, from now on. The end of a session is not held. */
export function holdAgent(app: ChatApp): HeldAgent {
  const { middlewareStack } = findAgentClient(app);
  const name = 'heldAgent';
  let reach!: () => void;
  let release!: () => void;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const released = new Promise<void>((resolve) => (release = resolve));
  middlewareStack.add(
    (next) => async (args) => {
      if ('endSession' in args.input) return next(args);
      reach();
      await released;
      return next(args);
    },
    { name, step: 'finalizeRequest' },
  );
  return {
    reached,
    release: () => {
      middlewareStack.remove(name);
      release();
    },
  };
}
