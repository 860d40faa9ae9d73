import { readFileSync, writeFileSync } from 'node:fs';

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
  /** A file that outlives the program, as the real agent's sessions do; in memory without it. */
  readonly file?: string | undefined;
}

/** What the emulated agent remembers: the user's side of each session, until it has been idle for too long. */
export class EmulatedSessions {
  private readonly sessions: Map<string, Session>;

  constructor(private readonly options: EmulatedSessionsOptions) {
    this.sessions = new Map(options.file === undefined ? [] : readSessions(options.file));
  }

  /** The prompts of a session so far, oldest first; none when it is new or forgotten. */
  prompts(id: string): readonly string[] {
    this.forgetIdle();
    return this.sessions.get(id)?.prompts ?? [];
  }

  /** Adds prompts to a session, opening it when there is none. */
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
    if (this.options.file === undefined) return;
    writeFileSync(this.options.file, JSON.stringify([...this.sessions]), { mode: 0o600 });
  }
}

/** What was saved; nothing when there is no file yet or it was cut off while being written. */
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
