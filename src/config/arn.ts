/** The region of an ARN; undefined for other text, such as the id of a model, and for an ARN without a region. */
export function findArnRegion(text: string | undefined): string | undefined {
  return /^arn:[^:]+:[^:]+:([^:]+):/.exec(text ?? '')?.[1];
}

/** The last part of an ARN, such as `chat` of `…:harness/chat`. Other text is returned as it is. */
export function toResourceName(text: string): string {
  return text.startsWith('arn:') ? (text.split('/').at(-1) ?? text) : text;
}
