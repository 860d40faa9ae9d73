import { IsText } from '../../../http/validation.js';
import { toPlainLine } from '../../model/plain-line.js';

/** Longest title, in Unicode code points. */
export const TITLE_MAX_LENGTH = 200;

/** Body of `PATCH /chats/{id}`. */
export class RenameRequest {
  @IsText(TITLE_MAX_LENGTH, { isBlank: (title) => toPlainLine(title.trim()) === '' })
  title!: string;
}
