/** The characters and the length of a chat id. It has no lookahead, which not all readers of `openapi.json` know. */
export const CHAT_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether a string has the form of a chat id. Clients take `.` and `..` out of a path, so no id is one of these. */
export function isChatId(value: string): boolean {
  return CHAT_ID.test(value) && value !== '.' && value !== '..';
}
