import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { frontendSnippet } from './docs-snippet.js';

/** What the page needs besides the snippet: a place for it. The page's address says which service, user and component. */
const MOUNT = `
import { createRoot } from 'react-dom/client';

const { api, token, chat, sidebar } = Object.fromEntries(new URLSearchParams(location.search));

async function historyOf(id) {
  const answer = await fetch(api + '/chats/' + id, { headers: { id_token: token } });
  return messagesOf((await answer.json()).chat);
}

const id = chat || crypto.randomUUID();
const history = chat ? await historyOf(chat) : [];
const root = createRoot(document.body.firstElementChild);
const Shown = sidebar ? Chats : Chat;
// A test gives a new token with it.
globalThis.signIns = 0;
const signIn = () => (globalThis.signIns += 1);
globalThis.show = (idToken) => root.render(<Shown {...{ api, idToken, signIn, id, history }} />);
show(token);
`;

/** The packages of the snippet's imports, by the major version of the AI SDK. */
export const PAGE_SDKS = {
  '6': {},
  '5': { ai: 'ai-5', '@ai-sdk/react': 'ai-5-react' },
} as const satisfies Readonly<Record<string, Readonly<Record<string, string>>>>;

/** A page with an origin of its own. */
export interface FrontendPage {
  readonly port: number;
  close(): Promise<void>;
}

/** Builds the page of docs/frontends.md with a version of the AI SDK, and serves it. */
export async function serveFrontendPage(sdk: keyof typeof PAGE_SDKS): Promise<FrontendPage> {
  return servePage(frontendSnippet('tsx') + MOUNT, PAGE_SDKS[sdk]);
}

/** Builds a page of TSX that runs in it, and serves it. @param alias - other packages for some of its imports. */
export async function servePage(code: string, alias: Readonly<Record<string, string>> = {}): Promise<FrontendPage> {
  const script = await bundled(code, alias);
  const page = `<!doctype html><meta charset="utf-8"><title>A chat</title><main></main><script type="module" src="/page.js"></script>`;
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js';
    // The browser compiles the script once for all tests.
    if (isScript) response.setHeader('cache-control', 'max-age=3600');
    response.setHeader('content-type', `text/${isScript ? 'javascript' : 'html'}; charset=utf-8`);
    response.end(isScript ? script : page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bundled(contents: string, alias: Readonly<Record<string, string>>): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, loader: 'tsx', resolveDir: process.cwd() },
    alias,
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning',
  });
  return outputFiles[0]?.text ?? '';
}
