import { Logger } from '@nestjs/common';
import { listMutants, huntMutant } from '../test/explorer/mutants.js';
Logger.overrideLogger(false);
const mutants = await listMutants(1500, 1);
console.log(mutants.length);
const limit = Number(process.argv[2]);
const only = process.argv[3];
for (const m of mutants) {
  if (only && !m.write.includes(only)) continue;
  const t = performance.now();
  const r = await huntMutant(m, 1, limit);
  console.log(`${m.write}: ${m.leftOut}  =>  ${r.schedules ?? 'NOT FOUND'} ${r.kind ?? ''} ${((performance.now() - t) / 1000).toFixed(1)}s`);
}
