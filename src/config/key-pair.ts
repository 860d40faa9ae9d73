/** PEM, and the form of RFC 4716. */
const ARMOUR = /-{4,5} ?BEGIN [A-Z\d ]+-{4,5}/;
/** A line of `id_rsa.pub` or `authorized_keys`. */
const SSH_KEY = /^\s*(ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+\s+AAAA/;
/** RFC 7517, 4.1: every JSON Web Key has a type. */
const JSON_WEB_KEY = /"kty"\s*:/;

/**
 * Whether a text is a public or a private key: PEM, an SSH key or a JSON Web Key. Such a text is no secret: everybody
 * may have the public key, and could sign tokens with it.
 */
export function isKeyPairMaterial(text: string): boolean {
  return ARMOUR.test(text) || SSH_KEY.test(text) || JSON_WEB_KEY.test(text);
}
