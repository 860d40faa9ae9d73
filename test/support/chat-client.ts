import { tokenOf } from './tokens.js';

/** A chat as the contract shows it. */
export interface ShownChat {
  readonly id: string;
  readonly messages: readonly ShownMessage[];
  readonly next_cursor?: string;
}

export interface ShownMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly status?: string;
}

/** An answer of the service. */
export interface Answered {
  readonly status: number;
  /** Whole seconds, where it was sent. */
  readonly retryAfter: string | null;
  readonly isReplay: boolean;
  /** The body, byte for byte. */
  readonly text: string;
  readonly body: { readonly response: string; readonly chat: ShownChat; readonly error?: string };
}

/** A turn asked for over HTTP. Throws what `fetch` throws when the connection is lost. */
export async function askTurn(
  url: string,
  user: string,
  body: { readonly prompt: string; readonly chat_id?: string | undefined },
  key?: string,
): Promise<Answered> {
  const response = await fetch(`${url}/chat`, {
    method: 'POST',
    headers: {
      id_token: tokenOf(user),
      'content-type': 'application/json',
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify(body),
  });
  return answered(response);
}

/** A chat read back over HTTP. */
export async function readChat(url: string, user: string, chatId: string): Promise<Answered> {
  return answered(await fetch(`${url}/chats/${chatId}`, { headers: { id_token: tokenOf(user) } }));
}

/** The turns of a history, each as its prompt, its answer where there is one, and its status where it has one. */
export function turnsOf({ messages }: ShownChat): { prompt: string; answer?: string; status?: string }[] {
  const turns: { prompt: string; answer?: string; status?: string }[] = [];
  for (const { role, content, status } of messages) {
    const turn = role === 'user' ? { prompt: content } : { ...turns.pop()!, answer: content };
    turns.push({ ...turn, ...(status !== undefined && { status }) });
  }
  return turns;
}

async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    isReplay: response.headers.get('idempotency-replayed') === 'true',
    text,
    body: JSON.parse(text),
  };
}
