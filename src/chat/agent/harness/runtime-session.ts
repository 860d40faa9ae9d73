/**
 * The id of a session as AgentCore allows it: 33 to 100 characters of `[a-zA-Z0-9][a-zA-Z0-9-_]*`. An id in base64url
 * may begin with `-` or `_`, so each id gets a letter in front.
 */
export function toRuntimeSessionId(sessionId: string): string {
  return `s${sessionId}`;
}
