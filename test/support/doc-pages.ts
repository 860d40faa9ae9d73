import { readdirSync, readFileSync } from 'node:fs';

/** A fenced block of a page. */
export interface Fence {
  readonly language: string;
  readonly code: string;
  /** The line of the page that opens it, counted from 1. */
  readonly line: number;
  /** What an invisible comment right before it says to the tests: `skip (reason)`, or `server`. */
  readonly mark: string | undefined;
}

/** The paths of all pages: README and its companions, docs, and the decisions. */
export function docPages(): string[] {
  const root = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];
  const docs = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.md'));
  return [...root, ...docs.map((path) => `docs/${path}`).toSorted()];
}

export function readPage(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The fenced blocks of a page, in order. */
export function fencesOf(markdown: string): Fence[] {
  const fences = markdown.matchAll(/(?:<!-- test: ([^>]*?) -->\n\n?)?^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...fences].map(({ 1: mark, 2: language = '', 3: code = '', 0: all, index }) => {
    const opening = index + all.lastIndexOf(`\`\`\`${language}\n${code}`);
    return { language, code, mark, line: markdown.slice(0, opening).split('\n').length };
  });
}

/** A page without its fenced blocks and its code spans. */
export function proseOf(markdown: string): string {
  return markdown.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '``');
}
