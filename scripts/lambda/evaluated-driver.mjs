// node evaluated-driver.mjs <module>: handles the event in EVENT, and prints the modules of the bundle that were
// evaluated on demand. In the bundle such a module is a function with its path as its name.
import { Session } from 'node:inspector/promises';
import { writeSync } from 'node:fs';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
const { handler } = await import(process.argv[2]);
const context = { awsRequestId: 'evaluated', getRemainingTimeInMillis: () => 30_000 };
const { statusCode } = await handler(JSON.parse(process.env.EVENT), context);
const { result } = await session.post('Profiler.takePreciseCoverage');
const called = result
  .filter(({ url }) => url.endsWith('app.js'))
  .flatMap(({ functions }) => functions)
  .filter(({ ranges }) => ranges[0].count > 0);
const modules = called.map(({ functionName }) => functionName).filter((name) => name.endsWith('.js'));
writeSync(3, JSON.stringify({ statusCode, modules }));
process.exit(0);
