import { tokenOf } from './tokens.js';

/** A chat as the contract shows it. */
export interface ShownChat {
  readonly id: string;
  readonly messages: readonly ShownMessage[];
  readonly next_cursor?: string;
}

export interface ShownMessage {
  readonly id: string;
  readonly role: 'user' | 'assistant';
  readonly content: string;
  readonly status?: string;
}

/** A response of the service. */
export interface Answered {
  readonly status: number;
  /** Whole seconds, if the header was sent. */
  readonly retryAfter: string | null;
  readonly isReplay: boolean;
  /** The body, byte for byte. */
  readonly text: string;
  readonly body: { readonly response: string; readonly chat: ShownChat; readonly error?: string };
}

/** Sends a turn over HTTP. Throws the error of `fetch` if the connection is lost. */
export async function askTurn(
  url: string,
  user: string,
  body: { readonly prompt: string; readonly chat_id?: string | undefined; readonly replace_from?: string },
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

/** Reads a chat over HTTP. */
export async function readChat(url: string, user: string, chatId: string): Promise<Answered> {
  return answered(await fetch(`${url}/chats/${chatId}`, { headers: { id_token: tokenOf(user) } }));
}

/** Lists the turns of a history, each with its prompt, and its reply and status if it has them. */
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
