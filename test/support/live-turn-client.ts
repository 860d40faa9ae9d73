import type { NestExpressApplication } from '@nestjs/platform-express';
import { tokenOf } from './tokens.js';
import { parseStream, type WholeStream } from './ui-stream.js';

/** Stops the running turn of a chat. @param query - with `?`. @returns the status of the response. */
export async function stopTurn(url: string, chatId: string, user = 'alice', query = ''): Promise<number> {
  const path = `${url}/chats/${chatId}/stop${query}`;
  const response = await fetch(path, { method: 'POST', headers: { id_token: tokenOf(user) } });
  await response.arrayBuffer();
  return response.status;
}

/** Reads the running turn of a chat from its start to its end. */
export async function resumeTurn(url: string, chatId: string, user = 'alice'): Promise<WholeStream> {
  const response = await fetch(`${url}/chat/stream/${chatId}/stream`, { headers: { id_token: tokenOf(user) } });
  return parseStream(response.status, response.headers, await response.text());
}

/** Closes the connections that `fetch` has opened for a request that it then sent on another one. A server waits for them. */
export function closeUnused(app: NestExpressApplication): void {
  app.getHttpServer().closeAllConnections();
}
