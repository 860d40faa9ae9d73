import { usableKeys } from './usable-keys.js';

/** Most bytes of a key set, decompressed. The largest in use (Entra, with certificates) have some 20 KB. */
const KEY_SET_MAX_BYTES = 256 * 1024;

/** What the key server sent is no key set. Says in our words what was wrong, and quotes nothing of it. */
class KeySetError extends Error {
  override readonly name = 'KeySetError';
}

/**
 * Fetches a JSON Web Key Set (RFC 7517, section 5): status 200 and nothing else, so no redirects; of limited size; with
 * at least one key that a token may be signed with. A set without such keys is a fault of its server: believed, it would
 * lock everybody out.
 *
 * @param init - carries the signal that ends the request, the body included.
 * @returns a response with the usable keys and nothing else.
 * @throws KeySetError, and whatever `fetch` throws.
 */
export async function fetchKeySet(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, { ...init, redirect: 'manual' });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new KeySetError(`the key server answered ${response.status}`);
  }
  const keys = usableKeys(parse(await textOf(response)));
  if (keys.length === 0) throw new KeySetError('the key server sent no signing keys');
  return Response.json({ keys });
}

/** The body as far as it may go. A `content-length` would not do: it may lie, and it counts compressed bytes. */
async function textOf(response: Response): Promise<string> {
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without a cause: the parser's message quotes the body.
    throw new KeySetError('the key server sent no JSON');
  }
}
