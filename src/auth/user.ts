/** Who asks, as the token says. */
export interface User {
  /** Owns chats: 1..255 characters, without `#` and control characters. */
  readonly id: string;
  readonly email: string;
  readonly username: string;
}
