import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';

/** PEM, and the form of RFC 4716. */
const ARMOUR = /-{4,5} ?BEGIN [A-Z\d ]+-{4,5}/;
/** A line of `id_rsa.pub` or `authorized_keys`. */
const SSH_KEY = /^\s*(ssh|ecdsa|sk-ssh|sk-ecdsa)-[\w@.-]+\s+AAAA/;
/** RFC 7517, 4.1: every JSON Web Key has a type. */
const JSON_WEB_KEY = /"kty"\s*:/;
/** The forms of DER that a key may have. */
const DER_KEYS: readonly ((der: Buffer) => unknown)[] = [
  (key) => createPublicKey({ key, format: 'der', type: 'spki' }),
  (key) => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
  (key) => createPrivateKey({ key, format: 'der', type: 'sec1' }),
  (certificate) => new X509Certificate(certificate),
];

/**
 * Whether a text is a public or a private key, in any of its usual clothes. As a secret it is none: the public key is
 * for everybody to have, and whoever has it could sign tokens.
 */
export function isOfKeyPair(text: string): boolean {
  return ARMOUR.test(text) || SSH_KEY.test(text) || JSON_WEB_KEY.test(text) || isDer(text);
}

/** DER in base64, which begins with `M` as every sequence does. */
function isDer(text: string): boolean {
  if (!text.trimStart().startsWith('M')) return false;
  const der = Buffer.from(text, 'base64');
  return DER_KEYS.some((parse) => isParsed(() => parse(der)));
}

function isParsed(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}
