import { executablePath } from './chromium.js';
import { describeWhere } from './optional-parts.js';

export const describeInBrowser = describeWhere(
  executablePath !== undefined,
  'what runs in a browser: there is no Chromium here (apt-get install chromium)',
);
