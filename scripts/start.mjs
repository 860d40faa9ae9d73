// npm start and npm run start:dev. It runs the service; with --watch Node restarts it after each change of a file.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const PARENT_CHECK_MS = 200;

const service = ['--import', './scripts/typescript.mjs', 'src/main.ts'];
const child = spawn(process.execPath, [...process.argv.slice(2), ...service], { stdio: 'inherit' });
child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));

// npm sends SIGTERM to its shell, and many shells end without passing it on. This process then has another parent.
const shell = process.ppid;
const check = setInterval(() => {
  if (process.ppid === shell) return;
  clearInterval(check);
  child.kill('SIGTERM');
}, PARENT_CHECK_MS);
