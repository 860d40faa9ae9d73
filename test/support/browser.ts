import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { describeWhere } from './optional-parts.js';

/** Where Linux has it. It is not a dependency: `.ci/run` installs Debian's package where there is none. */
const EXECUTABLES = ['chromium', 'google-chrome', 'chromium-browser'].map((name) => `/usr/bin/${name}`);
const executablePath = EXECUTABLES.find((path) => existsSync(path));

export const describeInBrowser = describeWhere(
  executablePath !== undefined,
  'what runs in a browser: there is no Chromium here (apt-get install chromium)',
);

/** Starts Chromium without a window, and without anything of its own that would ask for a network. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath && { executablePath }),
    // The pages are this repository's, and a container rarely lets the sandbox in.
    chromiumSandbox: false,
    args: [
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
