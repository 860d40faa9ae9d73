import type { CitationsDelta } from '@aws-sdk/client-bedrock-runtime';
import type { Citation } from '../../model/chat.js';
import { toCitation } from '../../model/citation.js';

/** Converts a citation of ConverseStream. A location in a document of the request has no address. */
export function toConverseCitation({ title, source, sourceContent, location }: CitationsDelta): Citation | undefined {
  return toCitation({
    titles: [title],
    names: [source],
    uris: [location?.web?.url, source],
    text: (sourceContent ?? []).map(({ text = '' }) => text).join(''),
  });
}
