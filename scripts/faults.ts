import { writeFile } from 'node:fs/promises';
import { FAULT_CASES } from '../test/support/fault-matrix.js';
import { faultPage } from '../test/support/fault-page.js';

/** `npm run docs:faults`: writes docs/faults.md from the cases that the tests run. */
await writeFile(new URL('../docs/faults.md', import.meta.url), faultPage(FAULT_CASES));
