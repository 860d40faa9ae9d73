/** Tells the other tabs of this page what has happened to a chat, so that they read it again. */
export class Tabs {
  channel = new BroadcastChannel('chats');

  /** @param {(chatId: string) => void} onChange */
  constructor(onChange) {
    this.channel.onmessage = ({ data }) => onChange(String(data));
  }

  /** @param {string} chatId */
  tell(chatId) {
    this.channel.postMessage(chatId);
  }
}
