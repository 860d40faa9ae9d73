import type { SigningAlgorithm } from '../../config/signing-algorithms.js';
import { selectUsableKeys } from './usable-keys.js';

/** Largest key set, in decompressed bytes. The largest known one (Entra, with certificates) has about 20 KB. */
const KEY_SET_MAX_BYTES = 256 * 1024;

/** The response of the key server is not a key set. The message quotes nothing of it. */
class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

/**
 * Fetches a JSON Web Key Set (RFC 7517, section 5). Redirects and large bodies are refused. A set without a usable key
 * is an error too: accepting it would refuse every user.
 *
 * @param algorithms - keys without `alg` get the first one that fits.
 * @param init - carries the signal that aborts the request and its body.
 * @returns a response with the usable keys only.
 * @throws KeySetError, and what `fetch` throws.
 */
export async function fetchKeySet(
  url: string,
  algorithms: readonly SigningAlgorithm[],
  init: RequestInit,
): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeySetError(`the key server sent status ${response.status}`);
  }
  const keys = selectUsableKeys(parseJson(await readText(response)), algorithms);
  if (keys.length === 0) throw new KeySetError('the key server sent no signing keys');
  return Response.json({ keys });
}

/** Counts the bytes itself: `content-length` may be wrong, and it counts compressed bytes. */
async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | readonly Uint8Array[] = response.body ?? [];
  for await (const chunk of body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the body.
    if (size > KEY_SET_MAX_BYTES) throw new KeySetError('the key set is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without a cause: the message of the parser quotes the body.
    throw new KeySetError('the key server sent no JSON');
  }
}
