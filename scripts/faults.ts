import { writeFile } from 'node:fs/promises';
import { FAULT_ROWS } from '../test/support/fault-matrix.js';
import { faultPage } from '../test/support/fault-page.js';

/** `npm run docs:faults`: writes docs/faults.md from the rows that the tests run. */
await writeFile(new URL('../docs/faults.md', import.meta.url), faultPage(FAULT_ROWS));
