import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type ConversationMessage, listPrompts } from './reply-source.js';

interface Session {
  messages: ConversationMessage[];
  /** Epoch milliseconds of the last turn. */
  usedAt: number;
  /** Epoch milliseconds of the first turn; absent in files of earlier versions. */
  startedAt?: number;
}

export interface EmulatedSessionsOptions {
  /** Seconds without a turn after which a session is forgotten. */
  readonly idleTtlSeconds: number;
  /** Greatest age of a session in seconds; without it there is no limit. */
  readonly maxSeconds?: number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A file that keeps the sessions over a restart. Without it they are in memory. */
  readonly file?: string | undefined;
}

/** The messages of each session of an emulated agent. A session is forgotten after its idle time or at its greatest age. */
export class EmulatedSessions {
  private readonly sessions: Map<string, Session>;
  /** The attributes of each session. They are not in the file. */
  private readonly attributes = new Map<string, Readonly<Record<string, string>>>();

  constructor(private readonly options: EmulatedSessionsOptions) {
    this.sessions = new Map(options.file === undefined ? [] : readSessions(options.file));
  }

  /** The messages of a session, oldest first; empty if it is new or forgotten. */
  messages(id: string): readonly ConversationMessage[] {
    this.forgetOld();
    return this.sessions.get(id)?.messages ?? [];
  }

  /** The prompts of a session, oldest first. */
  prompts(id: string): readonly string[] {
    return listPrompts(this.messages(id));
  }

  /** Adds messages to a session, which may be new. A string is a prompt. */
  append(id: string, messages: readonly (ConversationMessage | string)[]): void {
    const added = messages.map((message) =>
      typeof message === 'string' ? { role: 'user' as const, text: message } : message,
    );
    const now = this.options.now();
    const earlier = this.messages(id);
    const { startedAt = now } = this.sessions.get(id) ?? {};
    this.sessions.set(id, { messages: [...earlier, ...added], usedAt: now, startedAt });
    this.save();
  }

  /**
   * Adds attributes to a session. AWS documents that they persist over the session, and no way to remove one.
   *
   * @returns all attributes of the session.
   */
  addAttributes(id: string, added: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    this.forgetOld();
    const attributes = { ...this.attributes.get(id), ...added };
    this.attributes.set(id, attributes);
    return attributes;
  }

  end(id: string): void {
    this.forget(id);
    this.save();
  }

  private forget(id: string): void {
    this.sessions.delete(id);
    this.attributes.delete(id);
  }

  private forgetOld(): void {
    const { now, idleTtlSeconds, maxSeconds = Infinity } = this.options;
    for (const [id, { usedAt, startedAt = usedAt }] of this.sessions) {
      if (usedAt <= now() - idleTtlSeconds * 1000 || startedAt <= now() - maxSeconds * 1000) this.forget(id);
    }
  }

  private save(): void {
    const { file } = this.options;
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, JSON.stringify([...this.sessions]), { mode: 0o600 });
  }
}

/** Reads the saved sessions; none if there is no file, or if it was not written completely. */
function readSessions(file: string): [string, Session][] {
  try {
    const saved: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(saved) ? saved.filter(isSavedSession) : [];
  } catch {
    return [];
  }
}

function isSavedSession(entry: unknown): entry is [string, Session] {
  if (!Array.isArray(entry) || typeof entry[0] !== 'string') return false;
  const session = entry[1] as Partial<Session> | null;
  return Array.isArray(session?.messages) && typeof session.usedAt === 'number';
}
