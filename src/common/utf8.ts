/**
 * Finds the last offset up to `end` at which UTF-8 text can be cut between two characters.
 *
 * @param end - an offset in bytes.
 */
export function endOfCharacter(bytes: Buffer, end: number): number {
  let cut = Math.min(end, bytes.length);
  // A byte 10xxxxxx continues a character.
  while (cut < bytes.length && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
