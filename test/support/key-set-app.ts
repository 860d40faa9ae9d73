import { jest } from '@jest/globals';
import supertest from 'supertest';
import { type ChatApp, startChatApp } from './chat-app.js';
import { AUDIENCE, ISSUER, type KeyServer, type KeyServerBehaviour, startKeyServer } from './key-server.js';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;

/** Results of {@link KeySetApp.outcome} for refused tokens. */
export const UNKNOWN = '401 Invalid id_token: signing key is unknown';
export const ANOTHER_ALGORITHM = '401 Invalid id_token: algorithm is not allowed';
export const UNAVAILABLE = '503 Signing keys are unavailable';

/** A service that fetches its keys from a server of the test, with a clock that can be advanced. */
export class KeySetApp {
  private skipped = 0;

  private constructor(
    readonly server: KeyServer,
    private readonly app: ChatApp,
  ) {
    const realNow = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => realNow() + this.skipped);
  }

  static async start(behaviour: KeyServerBehaviour): Promise<KeySetApp> {
    const server = await startKeyServer(behaviour);
    const variables = { JWT_SECRET_KEY: '', JWT_JWKS_URI: server.url, JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE };
    return new KeySetApp(server, await startChatApp(variables));
  }

  /** Advances the clock. */
  skip(milliseconds: number): void {
    this.skipped += milliseconds;
  }

  ask(token: string): supertest.Test {
    return supertest(this.app.url).get('/chats/none').set('id_token', token);
  }

  /** Returns `in`, or the status and the error. */
  async outcome(token: string): Promise<string> {
    const { status, body } = await this.ask(token);
    return status === 404 ? 'in' : `${status} ${body.error}`;
  }

  /** Returns the distinct outcomes of this many concurrent requests. */
  async outcomes(count: number, token: string): Promise<string[]> {
    return [...new Set(await Promise.all(Array.from({ length: count }, () => this.outcome(token))))];
  }

  /** Waits for a fetch in the background. */
  async untilFetched(times: number): Promise<void> {
    for (let tries = 0; tries < 200 && this.server.fetches !== times; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async close(): Promise<void> {
    jest.restoreAllMocks();
    await this.app.close();
    await this.server.close();
  }
}
