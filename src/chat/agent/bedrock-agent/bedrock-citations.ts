import type {
  Attribution,
  RetrievalResultContent,
  RetrievalResultLocation,
  RetrievedReference,
} from '@aws-sdk/client-bedrock-agent-runtime';
import type { Citation } from '../../model/chat.js';
import { type CitationSource, toCitation } from '../../model/citation.js';

/**
 * Converts the sources of a chunk: one citation for each reference of each cited span. The keys of the metadata are of
 * https://docs.aws.amazon.com/bedrock/latest/userguide/kb-test-kendra.html and of the knowledge base itself.
 */
export function toCitations(attribution: Attribution | undefined): Citation[] {
  return (attribution?.citations ?? []).flatMap(({ generatedResponsePart, retrievedReferences }) => {
    const { start, end } = generatedResponsePart?.textResponsePart?.span ?? {};
    return (retrievedReferences ?? []).flatMap((reference) => toCitation({ ...toSource(reference), start, end }) ?? []);
  });
}

function toSource({ content = {}, location, metadata = {} }: Partial<RetrievedReference>): CitationSource {
  const { audio, video } = content;
  return {
    titles: [metadata['title'], metadata['x-amz-kendra-document-title']],
    names: [location?.customDocumentLocation?.id, location?.sqlLocation?.query],
    uris: [...listUris(location), metadata['x-amz-bedrock-kb-source-uri'], audio?.s3Uri, video?.s3Uri],
    text: content.text ?? toRowText(content) ?? audio?.transcription ?? video?.summary,
  };
}

/** The addresses of a source. Each kind of source has its own field for it. */
function listUris(location: RetrievalResultLocation | undefined): (string | undefined)[] {
  return [
    location?.s3Location?.uri,
    location?.webLocation?.url,
    location?.confluenceLocation?.url,
    location?.salesforceLocation?.url,
    location?.sharePointLocation?.url,
    location?.oneDriveLocation?.url,
    location?.googleDriveLocation?.url,
    location?.kendraDocumentLocation?.uri,
    location?.customDocumentLocation?.id,
  ];
}

/** A row of a table, as `column: value, column: value`. */
function toRowText({ row }: RetrievalResultContent): string | undefined {
  return row?.map(({ columnName, columnValue }) => `${columnName}: ${columnValue}`).join(', ');
}
