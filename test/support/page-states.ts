import type { Route } from 'playwright-core';
import { type PageDriver, refuseNext, toStart } from './page-driver.js';

const REFUSALS = [
  [409, 'A turn is already in progress'],
  [429, 'Too many requests'],
  [404, 'Chat not found'],
] as const;

/** The widths of a phone, a tablet and a desk, in CSS pixels. */
const WIDTHS = [360, 768, 1440];

const WORD = 'A-very-long-word'.repeat(20);
const NIGHT = 'ليلة في لشبونة مع خطة طويلة';
const DAY = 86_400_000;

/** A reply with everything that the page knows to show. */
const RICH = `# Two days in Lisbon

A short walk, *slowly*, with **one** long climb and \`npm start\`. ${WORD}

1. Alfama, before nine
   - the [viewpoint](https://example.com/a/very/long/path/${'x'.repeat(80)})
   - the tram
2. Belém

> Bring shoes that like stones.

\`\`\`ts
const everything = await Promise.all(['a line of code that is a good deal wider than any phone', 'and goes on']);
\`\`\`

---

${NIGHT}، ثم غداء في الحي القديم.`;

const CITATIONS = [
  { title: 'Lisbon in two days', uri: 'https://example.com/lisbon', snippet: 'Alfama is best before nine.', end: 60 },
  { title: `${WORD}.pdf`, uri: `s3://bucket/${WORD}.pdf`, snippet: NIGHT, end: 400 },
];

const RICH_PARTS = [
  ...[RICH.slice(0, 200), RICH.slice(200)].map((delta) => ({ type: 'text-delta', id: 'answer', delta })),
  ...CITATIONS.map((citation) => ({
    type: 'source-document',
    title: citation.title,
    providerMetadata: { citation },
  })),
];
const USAGE = { inputTokens: 1200, outputTokens: 340, totalTokens: 1540 };

/**
 * Brings the page into each of its states, one after another.
 *
 * @param driver - a page without an open chat.
 * @param look - gets the name of the state, and the widths that have it.
 */
export async function visitStates(
  driver: PageDriver,
  look: (state: string, widths: readonly number[]) => Promise<void>,
): Promise<void> {
  await look('empty', WIDTHS);
  await visitTurns(driver, look);
  await visitQuestions(driver, look);
  await visitList(driver, look);
}

async function visitTurns(driver: PageDriver, look: Parameters<typeof visitStates>[1]): Promise<void> {
  const { page } = driver;
  const held = new Promise<Route>((resolve) => void page.route('**/chat/stream', resolve, { times: 1 }));
  await driver.say(`${WORD} and ${NIGHT} [[fault silence after=9]]`);
  await look('waiting', WIDTHS);
  await (await held).continue();
  await page.locator('[data-phase=streaming]').waitFor();
  await look('streaming', WIDTHS);
  await driver.press('Stop');
  await driver.untilReady();
  await look('stopped', WIDTHS);
  await driver.ask('Plan a weekend in Lisbon');
  await look('complete', WIDTHS);
  await driver.ask('And in winter? [[fault torn after=9]]');
  await look('partial', WIDTHS);
  await driver.ask('And then? [[fault http-error]]');
  await look('failed', WIDTHS);
  driver.allow(/ERR_FAILED/);
  await page.route('**/chat/stream', (route) => route.abort(), { times: 1 });
  await driver.ask('Is anybody there?');
  for (const [status, error] of REFUSALS) {
    await refuseNext(driver, status, error);
    await driver.ask('Is anybody there?');
  }
  await look('not sent', WIDTHS);
}

async function visitQuestions(driver: PageDriver, look: Parameters<typeof visitStates>[1]): Promise<void> {
  const { page } = driver;
  const leave = () => page.keyboard.press('Escape');
  await driver.press('Watch it fail');
  await look('the faults', WIDTHS);
  await leave();
  await page.locator('.user').nth(1).getByRole('button', { name: 'Edit' }).click();
  await look('an edit', WIDTHS);
  await leave();
  await driver.press('Rename');
  await look('a new title', WIDTHS);
  await leave();
  await driver.press('Delete');
  await look('a question', WIDTHS);
  await leave();
  await page.locator('#user').evaluate((element) => element.closest('button')?.click());
  await page.locator('#token-dialog[open]').waitFor();
  await look('a token', WIDTHS);
  await leave();
}

async function visitList(driver: PageDriver, look: Parameters<typeof visitStates>[1]): Promise<void> {
  const { page } = driver;
  const titles = [
    'Plan a weekend in Lisbon',
    WORD.slice(0, 200),
    NIGHT,
    'How are chats stored?',
    'Which tokens are accepted?',
  ];
  const chats = titles.map((title, index) => {
    const time = new Date(Date.now() - index * 2 * DAY).toISOString();
    return { id: `chat-${index}`, title, created_at: time, updated_at: time };
  });
  await driver.forge('**/chats?*', 'application/json', JSON.stringify({ chats, next_cursor: 'more' }));
  const start = toStart('chat-1', 1, titles[1]);
  const { chat } = start.messageMetadata;
  const finish = { type: 'finish', finishReason: 'length', messageMetadata: { chat, usage: USAGE } };
  await driver.forgeTurn([start, ...RICH_PARTS, finish]);
  await page.evaluate(`location.hash = ''`);
  await page.reload();
  await driver.ask(`Two days in Lisbon?\n\n    ${WORD}`);
  await driver.notices.getByText('The agent has reached its limit').waitFor();
  await look('a rich reply', WIDTHS);
  await page.locator('#scroller').evaluate((element) => (element.scrollTop = 0));
  await page.locator('#to-end').waitFor();
  await driver.prompt.fill('A long prompt. '.repeat(2200));
  await page.route('**/chats/chat-1', (route) => route.abort());
  await driver.press('Delete');
  await page.locator('#delete-confirm').click();
  await page.locator('#line').waitFor();
  await look('trouble elsewhere', WIDTHS);
  await page.setViewportSize({ width: 360, height: 740 });
  await driver.press('Chats');
  await driver.titles.last().waitFor();
  await look('the list', [360, 768]);
  await page.keyboard.press('Escape');
}
