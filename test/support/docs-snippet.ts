import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

/** Returns the page of `docs/frontends.md`, or the reading of `docs/streams.md`, unchanged. */
export function frontendSnippet(language: 'js' | 'tsx'): string {
  return docsSnippet(language === 'js' ? 'docs/streams.md' : 'docs/frontends.md', language);
}

/** Returns the first snippet of a page in a language, unchanged. */
export function docsSnippet(page: string, language: string): string {
  const [code] = docsSnippets(page, language);
  if (code === undefined) throw new Error(`${page} has no ${language}`);
  return code;
}

/** Returns all snippets of a page in a language, unchanged. */
export function docsSnippets(page: string, language: string): string[] {
  const text = readFileSync(page, 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);
}

/** The function of docs/asking-anew.md that builds the short body, as it stands there. */
export function shortBody(): unknown {
  const [, code = ''] = docsSnippets('docs/asking-anew.md', 'ts');
  const [, expression] = /= (\(\{[\s\S]*?\n\});/.exec(code) ?? [];
  if (expression === undefined) throw new Error('docs/asking-anew.md has no short body');
  return runInNewContext(expression);
}

/** The function of the component in `docs/frontends.md` that its button Stop calls, as it stands there. @param values - what it refers to. */
export function frontendStop(values: object): () => unknown {
  const [, expression] = /const stopAgent = (async \(\) => \{[\s\S]*?\n {2}\});/.exec(frontendSnippet('tsx')) ?? [];
  if (expression === undefined) throw new Error('docs/frontends.md has no stop');
  return runInNewContext(expression, values) as () => unknown;
}
