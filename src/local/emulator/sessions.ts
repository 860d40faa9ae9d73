import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

interface Session {
  prompts: string[];
  /** Epoch milliseconds of the last turn. */
  usedAt: number;
}

export interface EmulatedSessionsOptions {
  /** Seconds without a turn after which a session is forgotten. */
  readonly idleTtlSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A file that keeps the sessions over a restart. Without it they are in memory. */
  readonly file?: string | undefined;
}

/** The prompts of each session of the emulated agent. A session is forgotten after its idle time. */
export class EmulatedSessions {
  private readonly sessions: Map<string, Session>;

  constructor(private readonly options: EmulatedSessionsOptions) {
    this.sessions = new Map(options.file === undefined ? [] : readSessions(options.file));
  }

  /** The prompts of a session, oldest first; empty if it is new or forgotten. */
  prompts(id: string): readonly string[] {
    this.forgetIdle();
    return this.sessions.get(id)?.prompts ?? [];
  }

  /** Adds prompts to a session, which may be new. */
  append(id: string, prompts: readonly string[]): void {
    this.forgetIdle();
    this.sessions.set(id, { prompts: [...this.prompts(id), ...prompts], usedAt: this.options.now() });
    this.save();
  }

  end(id: string): void {
    this.sessions.delete(id);
    this.save();
  }

  private forgetIdle(): void {
    const oldest = this.options.now() - this.options.idleTtlSeconds * 1000;
    for (const [id, session] of this.sessions) {
      if (session.usedAt <= oldest) this.sessions.delete(id);
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
  return Array.isArray(session?.prompts) && typeof session.usedAt === 'number';
}
