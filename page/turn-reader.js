/** @import { Citation, Entry, StreamPart, Trouble } from './types.js' */
import { ApiError } from './api.js';

/** Statuses of a request that began no turn, and that a repetition cannot mend without a change. */
const STOPPED = 'The turn was stopped';

/** Reads the events of one turn into its two entries. */
export class TurnReader {
  hasStarted = false;
  isOver = false;
  wasStopped = false;
  /** @type {string | undefined} */
  error;
  /** @type {string | undefined} */
  finishReason;

  /** @param {Entry} prompt @param {Entry} reply */
  constructor(prompt, reply) {
    this.prompt = prompt;
    this.reply = reply;
  }

  /** Another connection begins. Each tells the whole turn. */
  restart() {
    this.isFresh = true;
  }

  /** @param {StreamPart} part */
  take(part) {
    const { reply, prompt } = this;
    switch (part.type) {
      case 'start':
        this.hasStarted = true;
        reply.id = part.messageId;
        prompt.id = part.messageMetadata?.user_message_id ?? prompt.id;
        break;
      case 'text-delta':
        reply.content = (this.isFresh ? '' : reply.content) + (part.delta ?? '');
        reply.phase = 'streaming';
        this.isFresh = false;
        break;
      case 'source-url':
      case 'source-document':
        reply.citations = [...reply.citations, toCitation(part)];
        break;
      case 'error':
        this.error = part.errorText;
        break;
      case 'abort':
        this.wasStopped = true;
        break;
      case 'finish': {
        const { usage } = part.messageMetadata ?? {};
        this.finishReason = part.finishReason;
        if (usage) reply.usage = { input: usage.inputTokens, output: usage.outputTokens };
        break;
      }
    }
  }

  /** The stream has ended as it should. */
  end() {
    const { error, finishReason = 'stop', wasStopped } = this;
    const hasText = this.reply.content !== '';
    if (wasStopped) this.close({ kind: 'stopped', error: 'Stopped' });
    else if (error !== undefined || finishReason === 'error')
      this.close({ kind: hasText ? 'partial' : 'failed', error });
    else if (finishReason === 'length') this.close({ kind: 'limit', error: 'The agent has reached its limit' });
    else if (finishReason === 'other') this.close({ kind: 'partial', error: 'The agent ended early' });
    else this.close();
  }

  /** A request was refused, or the connection was lost. After a lost connection the turn is not over. @param {unknown} error */
  fail(error) {
    if (!(error instanceof ApiError)) return;
    const { status, message, detail, retryAfter, turnId } = error;
    const isKnown = this.hasStarted || turnId !== undefined;
    if (status === 0 && this.hasStarted) return;
    if (message === STOPPED) this.close({ kind: 'stopped', error: 'Stopped' });
    else if (isKnown) this.close({ kind: this.reply.content === '' ? 'failed' : 'partial', error: message, detail });
    else this.close({ kind: 'unsent', error: message, detail: toDetail(detail, retryAfter), status });
    if (turnId !== undefined) {
      this.reply.id = turnId;
      this.prompt.id = `${turnId}:user`;
    }
  }

  /** @param {Trouble} [trouble] */
  close(trouble) {
    const { prompt, reply } = this;
    this.isOver = true;
    reply.phase = 'rest';
    const last = reply.content === '' ? prompt : reply;
    if (trouble) last.trouble = trouble;
    else delete prompt.trouble;
  }
}

/** The trouble of a turn, if there is any. @param {Entry} prompt @param {Entry} reply */
export function toTrouble(prompt, reply) {
  return reply.trouble ?? prompt.trouble;
}

/** @param {string | undefined} detail @param {number | undefined} seconds */
function toDetail(detail, seconds) {
  return seconds === undefined ? detail : `Try again in ${seconds} s`;
}

/** @param {StreamPart} part @returns {Citation} */
function toCitation({ title, url, providerMetadata }) {
  return { uri: url, ...providerMetadata?.citation, title };
}
