import { readFileSync } from 'node:fs';

const PAGE = readFileSync('docs/frontends.md', 'utf8');

/** The first snippet of `docs/frontends.md` in a language, as it stands there. */
export function frontendSnippet(language: 'js' | 'sh' | 'tsx'): string {
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(PAGE) ?? [];
  if (code === undefined) throw new Error(`docs/frontends.md has no ${language}`);
  return code;
}
