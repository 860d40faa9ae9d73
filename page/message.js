/** @import { Entry } from './types.js' */
/** @import { Way } from './notices.js' */
import { button, copyButton, h, icon } from './dom.js';
import { EditForm } from './edit-form.js';
import { MarkdownView } from './markdown-view.js';
import { toNotice } from './notices.js';
import { buildSources, markSources } from './sources.js';

/**
 * What a person can do with a message.
 *
 * @typedef {object} MessageActions
 * @property {(entry: Entry) => void} askAgain
 * @property {(entry: Entry, supersede?: boolean) => void} retry
 * @property {(entry: Entry, text: string) => void} edit
 * @property {(entry: Entry) => void} takeBack
 * @property {(entry: Entry) => void} discard
 * @property {(text: string) => void} giveBack - an edit that was not sent goes with its message.
 * @property {(entry: Entry) => void} sendAnew
 */

/** @type {Readonly<Record<Way, string>>} */
const WAYS = {
  again: 'Try again',
  repeat: 'Try again',
  supersede: 'Stop it and send',
  edit: 'Edit',
  anew: 'Send in a new chat',
  discard: 'Discard',
};

/** One message, with its state and what can be done about it. */
export class MessageView {
  body = h('div', { className: 'body' });
  foot = h('div', { className: 'foot' });
  markdown = new MarkdownView();

  /** The open edit. @type {{ form: EditForm, shown: ChildNode[] } | undefined} */
  edit;

  /** @param {Entry} entry @param {MessageActions} actions */
  constructor(entry, actions) {
    this.entry = entry;
    this.actions = actions;
    const isUser = entry.role === 'user';
    const name = h('h2', { className: 'hidden' }, isUser ? 'You' : 'The agent');
    this.element = h('article', { className: `message ${entry.role}` }, name, this.body, this.foot);
    this.body.append(
      isUser ? h('div', { className: 'bubble' }, h('p', { dir: 'auto' }, entry.content)) : this.markdown.element,
    );
    this.update();
  }

  /** Shows the text so far. */
  grow() {
    this.element.dataset['phase'] = this.entry.phase;
    this.markdown.show(this.entry.content);
  }

  /** Shows the whole entry. */
  update() {
    const { entry } = this;
    const isAtRest = entry.phase === 'rest';
    this.element.ariaBusy = String(!isAtRest);
    if (entry.role === 'assistant') this.grow();
    if (isAtRest && entry.citations.length > 0) markSources(this.markdown, entry.citations);
    const { phase, role, citations } = entry;
    this.foot.replaceChildren(
      ...[
        phase === 'waiting' && buildWaiting(),
        entry.trouble && this.buildNotice(),
        isAtRest && citations.length > 0 && buildSources(citations),
        isAtRest && (role === 'user' ? this.buildPromptTools() : this.buildReplyTools()),
      ].filter((part) => part instanceof Node),
    );
  }

  buildPromptTools() {
    const { entry } = this;
    if (entry.trouble?.kind === 'unsent') return undefined;
    return h(
      'div',
      { className: 'tools' },
      button('pencil', 'Edit', () => this.openForm()),
      copyButton(() => entry.content),
    );
  }

  buildReplyTools() {
    const { entry, actions } = this;
    const { usage } = entry;
    return h(
      'div',
      { className: 'tools' },
      copyButton(() => entry.content),
      button('again', 'Regenerate', () => actions.askAgain(entry)),
      usage && h('span', { className: 'usage' }, `${usage.input} tokens read, ${usage.output} written`),
    );
  }

  buildNotice() {
    const { entry, actions } = this;
    const trouble = entry.trouble ?? { kind: 'failed' };
    const { title, text, small, ways, tone } = toNotice(trouble);
    /** @type {Record<Way, () => void>} */
    const on = {
      again: () => actions.askAgain(entry),
      repeat: () => actions.retry(entry),
      supersede: () => actions.retry(entry, true),
      edit: () => (entry.request?.replaceFrom === undefined ? actions.takeBack(entry) : this.openForm()),
      anew: () => actions.sendAnew(entry),
      discard: () => actions.discard(entry),
    };
    // There is nothing to give back if one asks anew, and an edit is in its form.
    const isEdit = trouble.kind === 'unsent' && entry.request?.replaceFrom !== undefined;
    if (isEdit) ways.push('discard');
    return h(
      'div',
      { className: `notice ${tone} ${trouble.kind}` },
      icon(tone === 'bad' ? 'warning' : trouble.kind === 'stopped' ? 'stop' : 'note'),
      h(
        'div',
        {},
        h('strong', { dir: 'auto' }, title),
        text !== '' && h('p', { dir: 'auto' }, text),
        small !== undefined && h('small', { dir: 'auto' }, small),
      ),
      h(
        'div',
        { className: 'ways' },
        ...ways.map((way) => h('button', { type: 'button', className: 'way', onclick: on[way] }, WAYS[way])),
      ),
    );
  }

  openForm() {
    const { entry, actions, body } = this;
    const close = () => {
      this.closeForm();
      this.foot.querySelector('button')?.focus();
    };
    const form = new EditForm(entry.content, {
      onClose: close,
      onSend: (text) => {
        if (this.element.closest('.busy')) return form.say('It can be sent when the answer is there.');
        close();
        actions.edit(entry, text);
      },
    });
    this.edit = { form, shown: [...body.childNodes] };
    this.foot.hidden = true;
    body.replaceChildren(form.element);
    form.focus();
  }

  closeForm() {
    if (this.edit) this.body.replaceChildren(...this.edit.shown);
    this.edit = undefined;
    this.foot.hidden = false;
  }

  /** Ends an edit that is open. @returns {string | undefined} its text, if it is not the message's. */
  takeEdit() {
    const text = this.edit?.form.field.value.trim();
    this.closeForm();
    return text && text !== this.entry.content ? text : undefined;
  }
}

function buildWaiting() {
  return h('p', { className: 'waiting' }, h('i'), h('i'), h('i'), h('span', { className: 'hidden' }, 'Answering'));
}
