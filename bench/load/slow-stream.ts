import type { LoadUser } from './load-user.js';
import { addChat, parseAnswer, readChatId, toCall } from './turn-calls.js';
import { demand } from './wrong-answer.js';

/** Milliseconds between two pieces of the reply. The whole takes longer than a service waits for its turns. */
const PACE = 3_000;

/**
 * Streams a slow turn in a chat of its own, until the service ends it. The stream must end with an error and `[DONE]`.
 *
 * @returns what is wrong.
 */
export async function runSlowStream(user: LoadUser): Promise<string | undefined> {
  const prompt = `${user.writePrompt().slice(0, 60)} [[fault reply pace=${PACE}]]`;
  user.lostOpenings.add(prompt);
  try {
    const answer = await user.client.send({ ...toCall(user, { prompt, path: '/chat/stream' }), kind: 'slow stream' });
    const stream = parseAnswer(answer);
    const evidence = { user: user.name, prompt, answer };
    demand(answer.status === 200 && stream.isDone, 'a stream has no end', evidence);
    demand(stream.events.at(-1)?.['finishReason'] === 'error', 'a stream that was stopped has no error', evidence);
    addChat(user, { id: readChatId(stream), prompt }).expectPartial(prompt, stream.text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}
