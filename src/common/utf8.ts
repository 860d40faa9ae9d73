/**
 * Where to cut a text in UTF-8: at `end`, or as much before it as keeps its last character whole.
 *
 * @param end - an offset in bytes.
 */
export function endOfCharacter(bytes: Buffer, end: number): number {
  let cut = Math.min(end, bytes.length);
  // The bytes 10xxxxxx go on with a character.
  while (cut < bytes.length && ((bytes[cut] ?? 0) & 0xc0) === 0x80) cut -= 1;
  return cut;
}
