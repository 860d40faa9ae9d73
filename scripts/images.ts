import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openWindow, startBrowser } from '../test/support/chromium.js';
import { PageDriver } from '../test/support/page-driver.js';
import { spawnServer } from '../test/support/spawned-server.js';

/** The prompts of the chats in the list, oldest first. */
const CHATS = [
  'When does an agent forget a session?',
  'How are chats stored?',
  'What does a real agent need?',
  'ما هي الجلسات؟',
  'Which tokens are accepted?',
];

/** `npm run docs:images`: the pictures of docs/images, from the page of local mode in Chromium. */
const home = mkdtempSync(join(tmpdir(), 'images-'));
const server = spawnServer(
  { HOME: home, DATA_DIR: home, LOCAL_AGENT_PACE_MS: '2', TURNS_PER_MINUTE: '0' },
  { script: ['src/main.ts'] },
);
const [, url = ''] = await server.untilPrinted(/ready on (http:\S+)/);
const browser = await startBrowser();
try {
  await takeAll(browser);
} finally {
  await browser.close();
  await server.end('SIGTERM');
  rmSync(home, { recursive: true });
}

async function takeAll(chromium: Browser): Promise<void> {
  const desktop = await open(chromium, { viewport: { width: 960, height: 640 }, colorScheme: 'light' });
  for (const prompt of CHATS) {
    await desktop.ask(prompt);
    await desktop.page.locator('#new').click();
    await desktop.page.locator('#empty').waitFor();
  }
  await desktop.ask('Plan a weekend in Lisbon');
  await take(desktop, 'page');
  await desktop.ask('And in winter? [[fault torn after=20]]');
  await take(desktop, 'fault');
  await desktop.page.close();

  const phone = await open(chromium, { viewport: { width: 390, height: 760 }, colorScheme: 'dark', hasTouch: true });
  await phone.ask('Plan a weekend in Lisbon');
  await take(phone, 'phone-dark');
  await phone.press('Chats');
  await phone.titles.last().waitFor();
  await take(phone, 'list');
  await phone.page.close();
}

async function open(chromium: Browser, options: BrowserContextOptions): Promise<PageDriver> {
  return PageDriver.open(await openWindow(chromium, { reducedMotion: 'reduce', ...options }), url);
}

/** As WebP, which is a third of the size. Without the focus, because a cursor may be shown or not. */
async function take({ page }: PageDriver, name: string): Promise<void> {
  await page.evaluate('document.activeElement.blur()');
  await page.mouse.move(0, 0);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 90 });
  await writeFile(join(import.meta.dirname, `../docs/images/${name}.webp`), Buffer.from(data, 'base64'));
}
