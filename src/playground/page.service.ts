import { createReadStream, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Inject, Injectable, Optional, StreamableFile } from '@nestjs/common';
import { AgentSettings, type AgentTarget } from '../config/agent-settings.js';
import { LimitSettings } from '../config/settings.js';
import { isLocalCaller, type PageRequest } from './local-caller.js';
import { PageFileUnknownError } from './page.errors.js';

/** In the root of the repository, two folders above `src/playground` and `dist/playground`. */
const FOLDER = join(import.meta.dirname, '../../page');

/** The page runs its own scripts, sends requests to this service, and can make no HTML of a text. */
export const PAGE_POLICY = [
  `default-src 'none'`,
  `script-src 'self'`,
  `style-src 'self'`,
  `img-src 'self'`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
  `require-trusted-types-for 'script'`,
  `trusted-types 'none'`,
].join(';');

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** What everybody may know of the agent, by its kind. */
const AGENT_NAMES: Readonly<Record<AgentTarget['kind'], string>> = {
  'bedrock-agent': 'An agent of Amazon Bedrock',
  harness: 'A harness of Amazon Bedrock AgentCore',
  converse: 'A model of Amazon Bedrock',
};

/** What only local mode gives to the page. */
export interface LocalPage {
  /** Which agent replies. */
  readonly agent: string;
  /** Prompts that the agent knows something about. */
  readonly suggestions: readonly string[];
  /** Faults that the agent has on demand: their names, and the directives that cause them. */
  readonly faults: readonly { readonly name: string; readonly directive: string }[];
  /** Signs a token for the user of local mode; undefined if the page has to ask for one. */
  createToken(): string | undefined;
}

/** The provider of {@link LocalPage}. */
export const LOCAL_PAGE = 'LOCAL_PAGE';

/** What the page is told when it opens, as JSON. */
export interface PageSettings {
  readonly agent: string;
  readonly prompt_max_length: number;
  readonly suggestions: LocalPage['suggestions'];
  readonly faults: LocalPage['faults'];
  /** Only in local mode, and only for this machine. */
  readonly token?: string;
}

/** The files of the page, and what it is told. */
@Injectable()
export class PageService {
  /** The files by their names. No other path is ever opened. */
  private readonly files = new Map(
    readdirSync(FOLDER).flatMap((name) => (extname(name) in MEDIA_TYPES ? [[name, join(FOLDER, name)]] : [])),
  );

  constructor(
    private readonly agent: AgentSettings,
    private readonly limits: LimitSettings,
    @Optional() @Inject(LOCAL_PAGE) private readonly local: LocalPage | undefined,
  ) {}

  /** @param url - the path that the browser shows. Without a slash at its end, links lead beside its last part. */
  async buildHtml(url: string): Promise<string> {
    const html = await readFile(join(FOLDER, 'index.html'), 'utf8');
    const [path = ''] = url.split('?');
    const last = path.slice(path.lastIndexOf('/') + 1);
    return last === '' ? html : html.replaceAll('="page/', `="./${last}/page/`);
  }

  /** @throws PageFileUnknownError */
  openFile(name: string): StreamableFile {
    const path = this.files.get(name);
    if (path === undefined) throw new PageFileUnknownError();
    return new StreamableFile(createReadStream(path), { type: MEDIA_TYPES[extname(name)] ?? '' });
  }

  getSettings(request: PageRequest): PageSettings {
    const token = isLocalCaller(request) ? this.local?.createToken() : undefined;
    return {
      agent: this.local?.agent ?? AGENT_NAMES[this.agent.target.kind],
      prompt_max_length: this.limits.promptMaxLength,
      suggestions: this.local?.suggestions ?? [],
      faults: this.local?.faults ?? [],
      ...(token !== undefined && { token }),
    };
  }
}
