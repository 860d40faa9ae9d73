/** One document of the emulated knowledge base. */
export interface KnowledgeDocument {
  readonly title: string;
  /** A word that starts with one of these finds the document. In lower case. */
  readonly words: readonly string[];
  readonly text: string;
  readonly uri: string;
}

const BUCKET = 's3://emulated-knowledge-base';

const DOCUMENTS: readonly KnowledgeDocument[] = [
  {
    title: 'Lisbon in two days',
    words: ['lisbon', 'lisboa', 'portugal', 'travel', 'trip', 'weekend'],
    text:
      'Spend the first day in Alfama and Graça: walk up to São Jorge, take tram 28 down again and stay for fado. ' +
      'Keep the second day for Belém, with the monastery in the morning, a pastel de nata at noon and the river at sunset.',
    uri: 'https://example.com/travel/lisbon',
  },
  {
    title: 'Sessions',
    words: ['session', 'remember', 'memory', 'forget', 'context'],
    text:
      'An agent remembers a session until it has been idle for its session time, ten minutes by default, ' +
      'and then forgets it without any sign.',
    uri: `${BUCKET}/sessions.md`,
  },
  {
    title: 'Storage',
    words: ['store', 'storage', 'table', 'dynamodb', 'history', 'saved', 'database'],
    text: 'Every turn is one item of a DynamoDB table, with its prompt, its reply and the sources of the reply.',
    uri: `${BUCKET}/storage.md`,
  },
  {
    title: 'Tokens',
    words: ['token', 'jwt', 'login', 'sign', 'auth'],
    text: 'Callers send a JWT in the id_token header; its signature, its times and its claims are checked before anything else.',
    uri: `${BUCKET}/tokens.md`,
  },
  {
    title: 'A real agent',
    words: ['bedrock', 'agent', 'model', 'aws', 'claude', 'emulat'],
    text: 'Set AGENT_ID and AGENT_ALIAS_ID, AGENT_HARNESS_ARN or AGENT_MODEL_ID, and the same code asks Amazon Bedrock instead of this emulated agent.',
    uri: `${BUCKET}/a-real-agent.md`,
  },
];

/** The topics to ask about, for replies that found no document. */
export const KNOWN_TOPICS = 'Lisbon, sessions, storage, tokens or a real agent';

/** Finds the document that shares most words with the prompt, if any does. */
export function findDocument(prompt: string): KnowledgeDocument | undefined {
  const asked = prompt.toLowerCase().match(/\p{L}+/gu) ?? [];
  const countHits = (document: KnowledgeDocument) =>
    asked.filter((word) => document.words.some((known) => word.startsWith(known))).length;
  const [best] = DOCUMENTS.map((document) => ({ document, count: countHits(document) })).toSorted(
    (a, b) => b.count - a.count,
  );
  return best && best.count > 0 ? best.document : undefined;
}
