import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';

/** Returns the page of `docs/frontends.md`, or the reading of `docs/streams.md`, unchanged. */
export function frontendSnippet(language: 'js' | 'tsx'): string {
  return docsSnippet(language === 'js' ? 'docs/streams.md' : 'docs/frontends.md', language);
}

/** Returns the first snippet of a page in a language, unchanged. */
export function docsSnippet(page: string, language: string): string {
  const text = readFileSync(page, 'utf8');
  const [, code] = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text) ?? [];
  if (code === undefined) throw new Error(`${page} has no ${language}`);
  return code;
}

/** The transport of the component in `docs/frontends.md`, as it stands there. @param values - what it refers to. */
export function frontendTransport(values: object): unknown {
  const [expression] = /new DefaultChatTransport<ChatMessage>\(\{[\s\S]*?\n {6}\}\)/.exec(frontendSnippet('tsx')) ?? [];
  if (expression === undefined) throw new Error('docs/frontends.md has no transport');
  return runInNewContext(expression.replace('<ChatMessage>', ''), values);
}

/** The function of that component that its button Stop calls, as it stands there. @param values - what it refers to. */
export function frontendStop(values: object): () => unknown {
  const [, expression] = /const stopAgent = (async \(\) => \{[\s\S]*?\n {2}\});/.exec(frontendSnippet('tsx')) ?? [];
  if (expression === undefined) throw new Error('docs/frontends.md has no stop');
  return runInNewContext(expression, values) as () => unknown;
}
