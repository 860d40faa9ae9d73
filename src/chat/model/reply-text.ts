/** Characters up to which pieces are merged. A longer chunk makes a reader of every piece copy more, a shorter one costs memory. */
const CHUNK_LENGTH = 1_024;

/** A text ends with the first half of a surrogate pair. */
const HALF_PAIR = /[\uD800-\uDBFF]$/;

/**
 * The text of a reply while it grows. It is kept once for all readers. A reader remembers only how far it has read.
 * Offsets and lengths are in UTF-16 code units.
 */
export class ReplyText {
  private readonly chunks: { readonly start: number; text: string }[] = [];
  private currentLength = 0;

  get length(): number {
    return this.currentLength;
  }

  /** @param piece - whole characters. */
  append(piece: string): void {
    const last = this.chunks.at(-1);
    if (last && last.text.length < CHUNK_LENGTH) last.text += piece;
    else this.chunks.push({ start: this.length, text: piece });
    this.currentLength += piece.length;
  }

  /**
   * Takes the text from an offset on.
   *
   * @param from - the offset of a whole character.
   * @param maxLength - at least 2. The result may be one shorter, because it has only whole characters.
   * @returns an empty text if there is nothing from there on.
   */
  take(from: number, maxLength: number): string {
    const end = Math.min(from + maxLength, this.length);
    let taken = '';
    let index = this.chunks.findLastIndex(({ start }) => start <= from);
    for (let chunk = this.chunks[index]; chunk && chunk.start < end; chunk = this.chunks[(index += 1)]) {
      taken += chunk.text.slice(Math.max(0, from - chunk.start), end - chunk.start);
    }
    return end < this.length && HALF_PAIR.test(taken) ? taken.slice(0, -1) : taken;
  }

  toString(): string {
    return this.chunks.map(({ text }) => text).join('');
  }
}
