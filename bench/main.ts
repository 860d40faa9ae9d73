import { benchTurnCost } from './turn-cost.js';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  turns: benchTurnCost,
};

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (!bench) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join(' | ')}>`);
  process.exit(1);
}
await bench();
process.exit(0);
