/** PEM, and the SSH form of RFC 4716. */
const ARMOUR = /-{4,5} ?BEGIN [A-Z\d ]+-{4,5}/;
/** A line of `id_rsa.pub` or `authorized_keys`. */
const SSH_KEY = /^\s*(ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+\s+AAAA/;
/** RFC 7517, section 4.1: every JSON Web Key has a type. */
const JSON_WEB_KEY = /"kty"\s*:/;

/**
 * Whether a text is a public or a private key: PEM, an SSH key or a JSON Web Key. As a secret it would be unsafe: a
 * public key is known, and anyone could sign tokens with it.
 */
export function isKeyPairMaterial(text: string): boolean {
  return ARMOUR.test(text) || SSH_KEY.test(text) || JSON_WEB_KEY.test(text);
}
