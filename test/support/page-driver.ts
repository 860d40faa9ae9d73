import axe from 'axe-core';
import type { BrowserContext, Locator, Page, Response, Route } from 'playwright-core';
import { expectDescribed, expectDescribedRequest } from './openapi/response-listener.js';

/** A browser says this of every status from 400 on. */
const STATUS_LINE = /^Failed to load resource: the server responded with a status of /;

const FORGED = 'x-forged';

/** Runs in the page. Code is as wide as it is, in a box that scrolls. The place to write is in view, unless the window is so low that it scrolls. */
const OVERFLOWS = `[...document.querySelectorAll('body, body *')].flatMap((element) => {
  const style = getComputedStyle(element);
  const { left, right, bottom, width } = element.getBoundingClientRect();
  const isShown = element.checkVisibility({ visibilityProperty: true });
  if (!isShown || width <= 1 || element.closest('input, pre, svg, .hidden, [inert]')) return [];
  const isWide = element.scrollWidth > element.clientWidth + 1 && style.display !== 'inline';
  const isBelow = element.id === 'send' && innerHeight > 360 && bottom > innerHeight + 1;
  const isOutside = left < -1 || right > innerWidth + 1 || isBelow;
  const isCut = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
  const name = element.tagName + '#' + element.id + '.' + element.className;
  return isWide || isOutside || isCut ? [name + ': ' + element.scrollWidth + ' in ' + element.clientWidth] : [];
})`;

/** Runs in the page, beside axe-core. */
const VIOLATIONS = `async (rules) => {
  const options = { resultTypes: ['violations'], ...(rules.length > 0 && { runOnly: rules }) };
  const { violations } = await axe.run(options);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ' ' + target.join(' ')));
}`;

/** Runs in the page. */
const WATCH = `(selector) => {
  const places = new Set();
  let isOn = true;
  const look = () => {
    places.add(Math.round(document.querySelector(selector).getBoundingClientRect().top));
    if (isOn) requestAnimationFrame(look);
  };
  look();
  globalThis.watched = () => {
    isOn = false;
    return [...places];
  };
}`;

export interface PageOptions {
  /** The token of the tab; without it the page gets one of local mode, or asks. */
  readonly token?: string;
  /** In CSS pixels. */
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** The page at `/` in a browser, as a person uses it. */
export class PageDriver {
  /** Errors in its console, refusals of its policy, and requests to elsewhere. */
  private readonly complaints: string[] = [];

  private readonly allowed: RegExp[] = [STATUS_LINE];

  private constructor(
    readonly page: Page,
    private readonly url: string,
    private readonly token: string | undefined,
  ) {}

  /**
   * Opens the page. Everything that it sends to the service and gets from there is compared with openapi.json.
   *
   * @param context - a window. Its tabs share a process of the browser, and what pages keep for all tabs.
   */
  static async open(context: BrowserContext, url: string, { token, viewport }: PageOptions = {}): Promise<PageDriver> {
    const driver = new PageDriver(await context.newPage(), url, token);
    driver.listen();
    if (viewport) await driver.page.setViewportSize(viewport);
    const name = JSON.stringify('id_token');
    const keep = `sessionStorage.getItem(${name}) ?? sessionStorage.setItem(${name}, ${JSON.stringify(token)})`;
    if (token !== undefined) await driver.page.addInitScript(keep);
    await driver.page.goto(url);
    return driver;
  }

  /** Opens the same chat in another tab of the window. */
  openTab(): Promise<PageDriver> {
    return PageDriver.open(this.page.context(), this.page.url(), this.token === undefined ? {} : { token: this.token });
  }

  get prompt(): Locator {
    return this.page.locator('#prompt');
  }

  get prompts(): Locator {
    return this.page.locator('.bubble');
  }

  get replies(): Locator {
    return this.page.locator('.assistant .markdown');
  }

  get notices(): Locator {
    return this.page.locator('.notice');
  }

  get titles(): Locator {
    return this.page.locator('#chats a');
  }

  /** The id of the chat in the address. */
  get chatId(): string {
    return decodeURIComponent(new URL(this.page.url()).hash.slice(1));
  }

  /** Lines of the console that the test causes. */
  allow(pattern: RegExp): void {
    this.allowed.push(pattern);
  }

  /** Gives the page another response than the service's. It is not compared with openapi.json. */
  async forge(pattern: string, contentType: string, body: string): Promise<void> {
    await this.page.route(pattern, (route) => this.fulfill(route, contentType, body));
  }

  /** Gives a request another response than the service's. */
  fulfill(route: Route, contentType: string, body: string): Promise<void> {
    return route.fulfill({ status: 200, headers: { [FORGED]: 'true', 'content-type': contentType }, body });
  }

  /** Lets the agent reply with these parts. The service gets no request. */
  forgeTurn(parts: readonly object[]): Promise<void> {
    const events = [...parts.map((part) => JSON.stringify(part)), '[DONE]'].map((data) => `data: ${data}\n\n`);
    return this.forge('**/chat/stream', 'text/event-stream', events.join(''));
  }

  async say(text: string): Promise<void> {
    await this.prompt.fill(text);
    await this.prompt.press('Enter');
  }

  /** Says something, and waits until its turn has ended. */
  async ask(text: string): Promise<void> {
    const count = await this.prompts.count();
    await this.say(text);
    await this.prompts.nth(count).waitFor();
    await this.untilReady();
  }

  /** Sends a text in place of a prompt. @param index - of the prompt, from 0. */
  async edit(index: number, text: string): Promise<void> {
    await this.page.locator('.user').nth(index).getByRole('button', { name: 'Edit' }).click();
    await this.page.locator('.edit textarea').fill(text);
    await this.page.locator('.edit textarea').press('Enter');
    await this.untilReady();
  }

  /** As if the person came back to the tab. */
  async lookAgain(): Promise<void> {
    await this.page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
  }

  listPrompts(): Promise<string[]> {
    return this.prompts.allTextContents();
  }

  async untilReady(): Promise<void> {
    await this.page.locator('#send[title=Send]').waitFor();
  }

  press(name: string): Promise<void> {
    return this.page.getByRole('button', { name, exact: true }).last().click();
  }

  /** Lists elements that are wider than their place, and texts that are cut. */
  listOverflows(): Promise<string[]> {
    return this.page.evaluate(OVERFLOWS);
  }

  /** Lists what axe-core finds: its rules, and where. @param rules - the tags or names of rules; all by default. */
  async listViolations(...rules: readonly string[]): Promise<string[]> {
    if (!(await this.page.evaluate('"axe" in globalThis'))) await this.page.evaluate(axe.source);
    return this.page.evaluate(`(${VIOLATIONS})(${JSON.stringify(rules)})`);
  }

  /** Notes the place of an element in each frame. @returns ends that, and has all the different places. */
  async watchPlace(selector: string): Promise<() => Promise<number[]>> {
    await this.page.evaluate(`(${WATCH})(${JSON.stringify(selector)})`);
    return () => this.page.evaluate('globalThis.watched()');
  }

  /** Closes the page. @returns what it has done that no page should. */
  async close(): Promise<readonly string[]> {
    await this.page.close();
    return this.complaints;
  }

  private listen(): void {
    const { page } = this;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    // A policy that refuses something is an error of the console.
    page.on('console', (message) => {
      const text = message.text();
      if (!this.allowed.some((pattern) => pattern.test(text))) this.complaints.push(`${message.type()}: ${text}`);
    });
    page.on('request', (request) => {
      const { origin, pathname, search } = new URL(request.url());
      if (origin !== new URL(this.url).origin) this.complaints.push(request.url());
      expectDescribedRequest({
        method: request.method(),
        url: `${pathname}${search}`,
        headers: request.headers(),
        body: request.postData() ?? undefined,
      });
    });
    page.on('response', (response) => void describeResponse(response));
  }
}

/** The first event of a forged reply. */
export function toStart(chatId: string, turn: number, title = 'Hello') {
  const time = '2026-01-01T00:00:00.000Z';
  const chat = { id: chatId, title, created_at: time, updated_at: time };
  const messageId = `${chatId}:${turn}`;
  return { type: 'start', messageId, messageMetadata: { chat, user_message_id: `${messageId}:user` } };
}

/** Holds the next request to a path. @returns the request, once it is there. */
export function holdNext({ page }: PageDriver, pattern: string): Promise<Route> {
  return new Promise((resolve) => void page.route(pattern, resolve, { times: 1 }));
}

/** Refuses the next prompt. The service gets no request. */
export async function refuseNext({ page }: PageDriver, status: number, error: string): Promise<void> {
  const headers = { [FORGED]: 'true', 'retry-after': '17', 'content-type': 'application/json' };
  const body = JSON.stringify({ error });
  await page.route('**/chat/stream', (route) => route.fulfill({ status, headers, body }), { times: 1 });
}

async function describeResponse(response: Response): Promise<void> {
  const { pathname, search } = new URL(response.url());
  // The files of the page are not part of the API.
  if (response.ok() && /^\/(page\/.*)?$/.test(pathname)) return;
  // A page that was left tells nothing any more.
  const headers = await response.allHeaders().catch(() => undefined);
  if (headers === undefined || FORGED in headers) return;
  const request = response.request();
  const body = await response.text().catch(() => undefined);
  expectDescribed({
    method: request.method(),
    url: `${pathname}${search}`,
    status: response.status(),
    headers,
    body,
  });
}
