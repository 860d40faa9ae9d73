import { dummyCredentials } from '../src/local/local-mode.js';
import { benchChatList } from './chat-list.js';
import { benchColdStart } from './lambda/cold.js';
import { benchWarmRequests } from './lambda/warm.js';
import { benchLoad } from './load.js';
import { benchReaders } from './readers.js';
import { benchStop } from './stop.js';
import { benchReplacedTurns } from './replaced-turns.js';
import { benchStream } from './stream.js';
import { benchTurnCost } from './turn-cost.js';
import { benchTurnEnds } from './turn-ends.js';
import { benchVerify } from './verify.js';

const BENCHES: Readonly<Record<string, () => Promise<void>>> = {
  stream: benchStream,
  readers: benchReaders,
  turns: benchTurnCost,
  chats: benchChatList,
  replace: benchReplacedTurns,
  ends: benchTurnEnds,
  stop: benchStop,
  cold: benchColdStart,
  warm: benchWarmRequests,
  verify: benchVerify,
  load: benchLoad,
};

const name = process.argv[2] ?? '';
const bench = BENCHES[name];
if (!bench) {
  console.error(`Usage: npm run bench -- <${Object.keys(BENCHES).join(' | ')}>`);
  process.exit(1);
}
Object.assign(process.env, dummyCredentials(process.env));
await bench();
// A bench may have set the exit code.
process.exit();
