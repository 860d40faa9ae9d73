import { parseTemplate, type Template } from '../../../scripts/template/template.js';

type Sections = Record<string, unknown>;

/** The parsed parts, by their text. Most parts are the same in all copies of a template, and the parser is slow. */
const parsed = new Map<string, Sections>();

/** Parses a template as `parseTemplate` does, but each parameter, rule, condition and resource alone. */
export function parseInParts(text: string): Template {
  const template: Sections = {};
  for (const section of text.split(/^(?=\w)/m)) {
    const [title = '', ...members] = section.split(/^(?=  \w)/m);
    for (const part of members.length === 0 ? [title] : members.map((member) => title + member)) {
      for (const [name, value] of Object.entries(parseOnce(part))) {
        template[name] = members.length === 0 ? value : { ...(template[name] as object), ...(value as object) };
      }
    }
  }
  return template as unknown as Template;
}

function parseOnce(text: string): Sections {
  const known = parsed.get(text) ?? { ...parseTemplate(text) };
  parsed.set(text, known);
  return known;
}
