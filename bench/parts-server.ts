import { startBedrockAgentEmulator } from '../src/local/emulator/bedrock-agent/server.js';
import { startTable } from './measured-server.js';

/** Milliseconds before each piece of a reply. */
const PACE_MILLISECONDS = 3;

/** The table or the agent of a bench, in a process of its own. Its first message is its endpoint. */
const endpoint =
  process.argv[2] === 'table'
    ? await startTable()
    : (await startBedrockAgentEmulator({ paceMs: PACE_MILLISECONDS })).endpoint;
process.once('disconnect', () => process.exit(0));
process.send?.({ endpoint });
