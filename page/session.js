/** @import { Settings } from './types.js' */
import { keep } from './dom.js';
import { askForToken } from './token-dialog.js';

/** Where the token and the last user that the service knew are kept: for this tab, until it is closed. */
const STORED = { token: 'id_token', user: 'user' };

/** The token of the user, and what the service says of itself. */
export class Session {
  /** @type {Promise<boolean> | undefined} */
  asking;
  /** Whether the token is sent in `authorization`. */
  isBearer = false;

  /** @param {URL} root - where the service is. */
  constructor(root) {
    this.root = root;
    /** @type {Settings} */
    this.settings = { agent: '', prompt_max_length: 32_000, suggestions: [], faults: [] };
    this.token = sessionStorage.getItem(STORED.token) ?? '';
    this.onUser = () => {};
    /** The token is another user's. What the page shows is not for them. */
    this.onOtherUser = () => {};
  }

  /** Reads the settings. A token of local mode is taken at once. */
  async open() {
    this.settings = await this.readSettings();
    if (this.token === '' && this.settings.token !== undefined) this.keep(this.settings.token);
    this.onUser();
  }

  /** Who the token is for, as it says itself; undefined if it does not say. */
  get user() {
    const { username, 'cognito:username': cognitoName, email, sub } = this.claims;
    return [username, cognitoName, email, sub].find((value) => typeof value === 'string');
  }

  /** What tells users apart; empty without a token that says so. */
  get userId() {
    return JSON.stringify(this.claims['sub'] ?? this.user) ?? '';
  }

  /** @returns {Record<string, unknown>} */
  get claims() {
    try {
      const [, payload = ''] = this.token.split('.');
      const bytes = Uint8Array.from(atob(payload.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
      return { ...JSON.parse(new TextDecoder().decode(bytes)) };
    } catch {
      return {};
    }
  }

  /** The service has accepted the token. */
  accept() {
    keep(STORED.user, this.userId);
  }

  /** The header with the token. @returns {Record<string, string>} */
  get header() {
    return this.isBearer ? { authorization: `Bearer ${this.token}` } : { id_token: this.token };
  }

  /**
   * Some proxies drop names with an underscore, such as `id_token`. The other header is used from then on.
   *
   * @param {string} reason - why the service refused the token.
   * @returns {boolean} whether to try again.
   */
  changeHeader(reason) {
    if (this.isBearer || this.token === '' || !reason.endsWith('token is missing')) return false;
    this.isBearer = true;
    return true;
  }

  /**
   * Asks for another token. Several requests that are refused at the same time ask once.
   *
   * @param {string} [reason] - why the service refused the last one.
   * @returns {Promise<boolean>} false if there is none.
   */
  renew(reason) {
    this.asking ??= this.ask(reason).finally(() => (this.asking = undefined));
    return this.asking;
  }

  /** @param {string | undefined} reason */
  async ask(reason) {
    const { token: fresh } = await this.readSettings().catch(() => this.settings);
    const given = await askForToken({ reason, token: fresh });
    if (given === undefined) return false;
    const known = sessionStorage.getItem(STORED.user) ?? '';
    this.keep(given);
    if (known !== '' && known !== this.userId) {
      this.onOtherUser();
      return false;
    }
    this.onUser();
    return true;
  }

  /** @param {string} token */
  keep(token) {
    this.token = token;
    keep(STORED.token, token);
  }

  /** @returns {Promise<Settings>} */
  async readSettings() {
    const response = await fetch(new URL('page/settings.json', this.root));
    if (!response.ok) throw new Error('The service does not respond');
    return response.json();
  }
}
