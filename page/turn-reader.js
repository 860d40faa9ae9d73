/** @import { Citation, Entry, StreamPart, Trouble } from './types.js' */
import { ApiError } from './api.js';

const STOPPED = 'The turn was stopped';

/** Reads the events of one turn into its two entries. */
export class TurnReader {
  hasStarted = false;
  isOver = false;
  /** Connections in a row that told nothing. */
  losses = 0;
  wasStopped = false;
  /** The page shows another chat, and hears no more of this turn. */
  isLeft = false;
  /** Its messages were shown before. */
  isRepeated = false;
  /** It ended while nothing was connected to it. */
  isMissed = false;
  onBegin = () => {};
  /** Nothing of the newest connection has been read. */
  isFresh = false;
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

  /** Whether nobody knows if it has begun. */
  get isUncertain() {
    const { trouble } = this.prompt;
    return trouble?.kind === 'unsent' ? trouble.status === 0 : !this.isOver && !this.hasStarted;
  }

  /** The turn has begun. @param {string} turnId */
  begin(turnId) {
    this.hasStarted = true;
    this.setIds(turnId);
    this.onBegin();
  }

  /** @param {string} turnId - the id of the reply. The prompt's is made of it. */
  setIds(turnId) {
    this.reply.id = turnId;
    this.prompt.id = `${turnId}:user`;
  }

  /** @param {StreamPart} part */
  take(part) {
    const { reply } = this;
    this.losses = 0;
    switch (part.type) {
      case 'start':
        this.begin(part.messageId);
        reply.citations = [];
        break;
      case 'text-delta':
        reply.content = (this.isFresh ? '' : reply.content) + part.delta;
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
      case 'text-start':
      case 'text-end':
        // A reply has one text, and its pieces tell all of it.
        break;
    }
  }

  /** The stream has ended as it should. */
  end() {
    const { error, finishReason = 'stop', wasStopped } = this;
    const hasText = this.reply.content !== '';
    if (error !== undefined && !this.hasStarted) this.close({ kind: 'unsent', error, status: 500 });
    else if (wasStopped) this.close({ kind: 'stopped', error: 'Stopped' });
    else if (error !== undefined || finishReason === 'error')
      this.close({ kind: hasText ? 'partial' : 'failed', error });
    else if (finishReason === 'length') this.close({ kind: 'limit', error: 'The agent has reached its limit' });
    else if (finishReason === 'other') this.close({ kind: 'partial', error: 'The agent ended early' });
    else this.close();
  }

  /**
   * A request was refused, or the connection was lost. After that the turn may still run, so it is not over yet.
   *
   * @param {unknown} error @param {number} mostLosses - in a row.
   */
  fail(error, mostLosses) {
    const { status, message, detail, retryAfter, turnId } = error instanceof ApiError ? error : toApiError(error);
    const isKnown = this.hasStarted || turnId !== undefined;
    const isLost = status === 0 || status === 429 || status >= 500;
    this.losses += 1;
    if (isLost && this.hasStarted && this.losses < mostLosses) return;
    if (message === STOPPED) this.close({ kind: 'stopped', error: 'Stopped' });
    else if (isKnown) this.close({ kind: this.reply.content === '' ? 'failed' : 'partial', error: message, detail });
    else this.close({ kind: 'unsent', error: message, detail: status === 429 ? toWait(retryAfter) : detail, status });
    if (turnId !== undefined) this.setIds(turnId);
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

/** @param {unknown} error - of a connection that was lost. */
function toApiError(error) {
  return new ApiError(0, error instanceof Error ? error.message : String(error));
}

/** The trouble of a turn, if there is any. @param {Entry} prompt @param {Entry} reply */
export function toTrouble(prompt, reply) {
  return reply.trouble ?? prompt.trouble;
}

/** @param {number} [seconds] */
function toWait(seconds) {
  return seconds === undefined ? 'Try again later.' : `The next one can be sent in ${seconds} s.`;
}

/** @param {Extract<StreamPart, { type: 'source-url' | 'source-document' }>} part @returns {Citation} */
function toCitation(part) {
  const uri = part.type === 'source-url' ? part.url : undefined;
  return { uri, ...part.providerMetadata?.citation, title: part.title };
}
