import type { Attribution, RetrievalResultLocation, RetrievedReference } from '@aws-sdk/client-bedrock-agent-runtime';
import type { Citation } from '../../model/chat.js';

/** Longest piece of a source that is kept with an answer, in characters. */
const SNIPPET_MAX_LENGTH = 500;

/** The sources that a chunk of the answer names, one citation for each reference of each cited span. */
export function toCitations(attribution: Attribution | undefined): Citation[] {
  return (attribution?.citations ?? []).flatMap(({ generatedResponsePart, retrievedReferences }) => {
    const { start, end } = generatedResponsePart?.textResponsePart?.span ?? {};
    return (retrievedReferences ?? []).map((reference) => ({
      ...sourceOf(reference),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
    }));
  });
}

function sourceOf({ content, location, metadata }: RetrievedReference): Citation {
  const title = metadata?.['title'];
  const uri = location && uriOf(location);
  const snippet = content?.text?.slice(0, SNIPPET_MAX_LENGTH).toWellFormed();
  return {
    ...(typeof title === 'string' && { title: title.toWellFormed() }),
    ...(uri && { uri }),
    ...(snippet && { snippet }),
  };
}

/** Where a reference lies; each kind of source has its own field for it. */
function uriOf(location: RetrievalResultLocation): string | undefined {
  return (
    location.s3Location?.uri ??
    location.webLocation?.url ??
    location.confluenceLocation?.url ??
    location.salesforceLocation?.url ??
    location.sharePointLocation?.url ??
    location.kendraDocumentLocation?.uri ??
    location.customDocumentLocation?.id
  );
}
