// Preloaded by the npm scripts, so that Node runs TypeScript: node --import ./scripts/typescript.mjs <file>.
// The loader @swc-node/register would load TypeScript's own compiler, and so takes twice as long to start.
import { register } from 'node:module';

// Without it the AWS SDK prints a notice about Node 20. Not every shell could set it before the command.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
process.setSourceMapsEnabled(true);
register('./typescript-hooks.mjs', import.meta.url);
