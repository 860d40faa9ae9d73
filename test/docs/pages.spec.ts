import { existsSync, readFileSync } from 'node:fs';
import { dirname, normalize } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VERSION } from '../../src/config/version.js';
import { docPages, fencesOf, proseOf, readPage } from '../support/doc-pages.js';

const MAX_LINES = 250;
const MAX_LINES_OF: Readonly<Record<string, number>> = { 'README.md': 140, 'docs/architecture.md': 150 };
const PAGES = docPages();
const GUIDES = PAGES.filter((page) => /^docs\/[^/]+$/.test(page));
const RECORDS = PAGES.filter((page) => /^docs\/decisions\/\d/.test(page));

/** The targets of all links of a page. */
function linksOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of a page, as the code host makes them from its headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

/** The page or file that a relative link leads to. */
function targetOf(page: string, link: string): string {
  const [path = ''] = link.split('#');
  return path === '' ? page : normalize(`${dirname(page)}/${path}`);
}

/** The relative links of a page that lead nowhere. */
function deadLinks(page: string, markdown: string): string[] {
  return linksOf(markdown).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const target = targetOf(page, link);
    if (!existsSync(target)) return true;
    const [, anchor] = link.split('#');
    return anchor !== undefined && !anchorsOf(target === page ? markdown : readPage(target)).includes(anchor);
  });
}

describe.each(PAGES)('%s', (page) => {
  it('has links that lead somewhere', () => {
    expect(deadLinks(page, readPage(page))).toEqual([]);
  });

  it('is not too long', () => {
    expect(readPage(page).split('\n').length - 1).toBeLessThanOrEqual(MAX_LINES_OF[page] ?? MAX_LINES);
  });

  it('says the language of each block', () => {
    expect(fencesOf(readPage(page)).filter(({ language }) => language === '')).toEqual([]);
  });
});

describe('a link', () => {
  it.each([
    ['[a](docs/nothing.md)', ['docs/nothing.md']],
    ['[a](docs/api.md#nothing)', ['docs/api.md#nothing']],
    ['[a](#nothing)', ['#nothing']],
    ['[a](docs/api.md#post-chatstream) [b](https://example.com) [c](LICENSE)', []],
    ['# A `b` & c\n\n[a](#a-b--c)', []],
  ])('is followed: %s', (markdown, dead) => {
    expect(deadLinks('README.md', markdown)).toEqual(dead);
  });
});

describe('the guides', () => {
  it.each(GUIDES)('%s names its reader in the first line', (page) => {
    const [title, empty, reader = ''] = readPage(page).split('\n');
    expect(title).toMatch(/^# \S/);
    expect(empty).toBe('');
    expect(reader).toMatch(/^For [^.:]+[.:]/);
  });

  it('are all linked from the README, and so is what stands beside it', () => {
    const linked = new Set(linksOf(readPage('README.md')).map((link) => targetOf('README.md', link)));
    expect(PAGES.filter((page) => !linked.has(page) && !RECORDS.includes(page) && page !== 'README.md')).toEqual([]);
  });
});

describe('the decision records', () => {
  it.each(RECORDS)('%s has a date, a status and its three parts', (page) => {
    const number = Number(/\/(\d{4})-/.exec(page)?.[1]);
    expect(readPage(page)).toMatch(new RegExp(`^# ${number}\\. .+\n\n_\\d{4}-\\d\\d-\\d\\d_\n`));
    const parts = [...readPage(page).matchAll(/^## (.+)$/gm)].map(([, part]) => part);
    expect(parts).toEqual(['Status', 'Context', 'Decision', 'Consequences']);
  });

  it('are numbered without a gap, and all are in the index', () => {
    expect(RECORDS.map((page) => Number(/\/(\d{4})-/.exec(page)?.[1]))).toEqual(RECORDS.map((_, index) => index + 1));
    const index = 'docs/decisions/README.md';
    expect(linksOf(readPage(index)).map((link) => targetOf(index, link))).toEqual(expect.arrayContaining(RECORDS));
  });
});

describe('the commands', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Readonly<Record<string, string>> };
  const guides = PAGES.filter((page) => !RECORDS.includes(page) && page !== 'CONTRIBUTING.md');

  it.each(guides)('of %s are scripts of package.json', (page) => {
    const named = [...readPage(page).matchAll(/npm run (?:--silent )?([a-z][\w:]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });
});

describe('the parameters of docs/deploy.md', () => {
  it('are the parameters of template.yaml', () => {
    const [, parameters = ''] = /^Parameters:\n([\s\S]*?)^\w/m.exec(readFileSync('template.yaml', 'utf8')) ?? [];
    const declared = [...parameters.matchAll(/^ {2}(\w+):$/gm)].map(([, name]) => name);
    const [, section = ''] = /## Parameters\n([\s\S]*?)\n## /.exec(readPage('docs/deploy.md')) ?? [];
    const cells = section.split('\n').flatMap((row) => (row.startsWith('| `') ? [row.split('|')[1] ?? ''] : []));
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name));
    expect(listed.toSorted()).toEqual(declared.toSorted());
  });
});

describe('versions', () => {
  interface Package {
    readonly version: string;
    readonly engines: { readonly node: string };
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Package;
  const packages = new Map(
    Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, version]) => [
      name,
      version.replace(/^npm:.*@/, ''),
    ]),
  );
  const floor = manifest.engines.node.replace('>=', '');
  const recommended = readFileSync('.nvmrc', 'utf8').trim();
  // Not history: a record and a measurement name the versions of their day.
  const current = PAGES.filter(
    (page) => !RECORDS.includes(page) && !['CHANGELOG.md', 'docs/performance.md'].includes(page),
  );

  it('of the service is the one of package.json', () => {
    expect(VERSION).toBe(manifest.version);
  });

  it('of Node are the least one of package.json, and the one of .nvmrc and the template', () => {
    expect(readFileSync('template.yaml', 'utf8')).toContain(`Runtime: nodejs${recommended}.x`);
    const named = current.flatMap((page) =>
      [...readPage(page).matchAll(/\bNode (\d+(?:\.\d+)*)/g)].map(([, version]) => version),
    );
    const [major] = floor.split('.');
    expect(new Set(named)).toEqual(new Set([floor, major, recommended]));
    for (const page of ['README.md', 'docs/getting-started.md']) {
      expect(readPage(page)).toContain(`Node ${floor} or later`);
      expect(readPage(page)).toContain(`Node ${recommended}`);
    }
  });

  it('of packages are those of package.json', () => {
    const wrong = current.flatMap((page) =>
      [...readPage(page).matchAll(/`(@?[a-z][\w@/.-]*)` (?:from |in version )?(\d+(?:\.\d+)*)/g)].flatMap(
        ([text, name = '', version = '']) => {
          const installed = [packages.get(name), packages.get(`${name}-${version.split('.')[0]}`)];
          return installed.some((one) => `${one}.`.startsWith(`${version}.`)) ? [] : [`${page}: ${text}`];
        },
      ),
    );
    expect(wrong).toEqual([]);
  });

  it('of the AI SDK are the ones that the tests use', () => {
    const [oldest, ...newer] = ['ai-5', 'ai', 'ai-7'].map((name) => packages.get(name) ?? '');
    const majors = newer.map((version) => version.split('.')[0]).join(' and ');
    expect(readPage('docs/frontends.md').replaceAll('\n', ' ')).toContain(`the tests use ${oldest}, ${majors}`);
  });

  it('of this product are the newest of the changelog', () => {
    expect(/^## \[(\d[^\]]*)\]/m.exec(readPage('CHANGELOG.md'))?.[1]).toBe(manifest.version);
  });
});
