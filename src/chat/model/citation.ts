import { cutAtGrapheme } from '../../common/graphemes.js';
import type { Citation } from './chat.js';
import { toPlainLine } from './plain-line.js';

/** Longest title and snippet, in UTF-16 units. */
const TITLE_MAX_LENGTH = 200;
const SNIPPET_MAX_LENGTH = 500;
/** A web page or an object of S3. The authority has no user and no password, and ends as URLs and S3 URIs end it. */
const PUBLIC_URI = /^(?:https?|s3):\/\/[^\s/?#\\@]+(?:[/?#]|$)/i;
/** RFC 3987, section 4.1, forbids bidirectional controls, because they show an address as another one. */
const FORBIDDEN_IN_URI = /[\p{Cc}\p{Bidi_Control}]/u;
/** A name that may be an address. A rejected address may hold a password or a script. */
const LOOKS_LIKE_URI = /^[a-z][a-z\d+.-]*:\S/i;

/** What an agent tells of a source. Of each list the first value counts that can be used. */
export interface CitationSource {
  readonly titles?: readonly unknown[];
  /** What identifies a source without a title. */
  readonly names?: readonly unknown[];
  readonly uris?: readonly unknown[];
  readonly text?: string | undefined;
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/** Builds a citation that callers may see. Undefined if it has no title, no address and no text. */
export function toCitation(source: CitationSource): Citation | undefined {
  const { titles = [], names = [], uris = [], text = '', start, end } = source;
  const uri = uris.find(isPublicUri);
  const usableNames = names.filter((name) => typeof name === 'string' && !LOOKS_LIKE_URI.test(name));
  const title = [...titles, ...usableNames].map(toSourceTitle).find((line) => line !== '' && line !== uri);
  const snippet = cutAtGrapheme(text.toWellFormed(), SNIPPET_MAX_LENGTH);
  const hasSnippet = snippet.trim() !== '';
  if (title === undefined && uri === undefined && !hasSnippet) return undefined;
  return {
    ...(title !== undefined && { title }),
    ...(uri !== undefined && { uri }),
    ...(hasSnippet && { snippet }),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
  };
}

function toSourceTitle(value: unknown): string {
  const line = typeof value === 'string' ? toPlainLine(value) : '';
  return line.length <= TITLE_MAX_LENGTH ? line : `${cutAtGrapheme(line, TITLE_MAX_LENGTH - 1)}…`;
}

function isPublicUri(value: unknown): value is string {
  if (typeof value !== 'string' || !value.isWellFormed()) return false;
  if (!PUBLIC_URI.test(value) || FORBIDDEN_IN_URI.test(value)) return false;
  return /^s3:/i.test(value) || URL.canParse(value);
}
