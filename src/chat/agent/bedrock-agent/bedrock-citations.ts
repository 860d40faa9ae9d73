import type { Attribution, RetrievalResultLocation, RetrievedReference } from '@aws-sdk/client-bedrock-agent-runtime';
import type { Citation } from '../../model/chat.js';

/** Maximum length of the text of a source that is stored with a reply, in UTF-16 units. */
const SNIPPET_MAX_LENGTH = 500;

/** Converts the sources of a chunk: one citation for each reference of each cited span. */
export function toCitations(attribution: Attribution | undefined): Citation[] {
  return (attribution?.citations ?? []).flatMap(({ generatedResponsePart, retrievedReferences }) => {
    const { start, end } = generatedResponsePart?.textResponsePart?.span ?? {};
    return (retrievedReferences ?? []).map((reference) => ({
      ...toSource(reference),
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
    }));
  });
}

function toSource({ content, location, metadata }: RetrievedReference): Citation {
  const title = metadata?.['title'];
  const uri = location && findUri(location);
  const snippet = content?.text?.slice(0, SNIPPET_MAX_LENGTH).toWellFormed();
  return {
    ...(typeof title === 'string' && { title: title.toWellFormed() }),
    ...(uri && { uri }),
    ...(snippet && { snippet }),
  };
}

/** The address of a source. Each kind of source has its own field for it. */
function findUri(location: RetrievalResultLocation): string | undefined {
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
