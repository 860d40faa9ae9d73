import type { Attribution, RetrievalResultLocation, RetrievedReference } from '@aws-sdk/client-bedrock-agent-runtime';
import type { Citation } from '../../model/chat.js';
import { toSnippet } from '../aws/snippet.js';

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
  const snippet = toSnippet(content?.text ?? '');
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
