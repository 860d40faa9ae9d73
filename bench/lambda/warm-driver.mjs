// node warm-driver.mjs <module> <count>,<count>…: has a handler handle the event in EVENT so many times in all, and
// writes after each count what a request took since the last one and what the process weighs, as a line of JSON.
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
    const answer = await handler(JSON.parse(event), context);
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}: ${answer.body}`);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const { rss, heapUsed } = process.memoryUsage();
  writeSync(3, `${JSON.stringify({ handled, p50: times[times.length >> 1], rss, heapUsed })}\n`);
}
process.exit(0);
