/** Longest user id, in Unicode code points. */
export const USER_ID_MAX_CHARACTERS = 255;
/** Longest user id, in UTF-8 bytes. A storage may rely on it when it builds a key from a user id. */
export const USER_ID_MAX_BYTES = 990;

/** The user that a token names. */
export interface User {
  /**
   * 1 to {@link USER_ID_MAX_CHARACTERS} characters and at most {@link USER_ID_MAX_BYTES} bytes, without `#` and control
   * characters.
   */
  readonly id: string;
  /** Undefined only if JWT_REQUIRED_CLAIMS does not name it, and so is the user name. */
  readonly email: string | undefined;
  readonly username: string | undefined;
  /** The claims that AGENT_SESSION_CLAIMS names, as text, by name. They are personal data and never logged. */
  readonly attributes: Readonly<Record<string, string>>;
}
