// node warm-driver.mjs <module> <count>,<count>…: handles the event in EVENT, up to each of these counts in all.
// After each count it writes a line of JSON: the median time since the last count, and the memory of the process.
import { writeSync } from 'node:fs';

const [module, counts] = process.argv.slice(2);
const { handler } = await import(module);
const event = process.env.EVENT;
const context = { awsRequestId: '5ab70f3c-1a2b-4c3d-8e4f-000000000000', getRemainingTimeInMillis: () => 30_000 };
let handled = 0;
for (const count of counts.split(',').map(Number)) {
  const times = [];
  for (; handled < count; handled += 1) {
    const start = performance.now();
    const response = await handler(JSON.parse(event), context);
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}: ${response.body}`);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const { rss, heapUsed } = process.memoryUsage();
  writeSync(3, `${JSON.stringify({ handled, p50: times[times.length >> 1], rss, heapUsed })}\n`);
}
process.exit(0);
