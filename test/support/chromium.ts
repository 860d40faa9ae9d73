import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/** Its paths on Linux. It is not a dependency; `.ci/run` installs Debian's package if it is missing. */
const EXECUTABLES = ['chromium', 'google-chrome', 'chromium-browser'].map((name) => `/usr/bin/${name}`);
/** Far more than a page takes on a busy machine, in milliseconds. */
const PAGE_TIMEOUT = 100_000;
export const executablePath = EXECUTABLES.find((path) => existsSync(path));

/** Opens a page whose time limits suit a busy machine. */
export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PAGE_TIMEOUT);
  return page;
}

/** Opens a window whose tabs share what pages keep. It has the same time limits. */
export async function openWindow(browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PAGE_TIMEOUT);
  return context;
}

/** Starts Chromium without a window, and without features that use the network. @param options - more of its own. */
export async function startBrowser(...options: readonly string[]): Promise<Browser> {
  return chromium.launch({
    ...(executablePath && { executablePath }),
    // The pages come from this repository, and few containers allow the sandbox.
    chromiumSandbox: false,
    args: [
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Without a GPU, drawing as if there was one takes a third more of the processor.
      '--disable-gpu',
      '--disable-gpu-compositing',
      '--disable-software-rasterizer',
      ...options,
    ],
  });
}
