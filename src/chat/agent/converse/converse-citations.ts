import type { CitationsDelta } from '@aws-sdk/client-bedrock-runtime';
import type { Citation } from '../../model/chat.js';
import { toSnippet } from '../aws/snippet.js';

/** The addresses that callers may see. */
const PUBLIC_URI = /^(https?|s3):\/\//i;

/** Converts a citation of ConverseStream; undefined if it names no source that a caller could use. */
export function toCitation({ title, source, sourceContent, location }: CitationsDelta): Citation | undefined {
  const uri = [location?.web?.url, source].find((address) => address !== undefined && PUBLIC_URI.test(address));
  const snippet = toSnippet((sourceContent ?? []).map(({ text = '' }) => text).join(''));
  const citation: Citation = {
    ...(title && { title: title.toWellFormed() }),
    ...(uri && { uri: uri.toWellFormed() }),
    ...(snippet && { snippet }),
  };
  return Object.keys(citation).length > 0 ? citation : undefined;
}
