// The live calls, as the server streams them. One stream for the whole page; it rests while nobody looks.

import { access, get } from './api.js';

/** A hidden page gives its connection back after this: a browser has only six of them for a server. */
const REST_AFTER = 60_000;
const RETRY_AFTER = 3_000;

/** What an event makes of the calls that were known: a new map, and what is worth telling. */
export function reduce(calls, event, data) {
  const next = new Map(calls);
  switch (event) {
    case 'snapshot': {
      const snapshot = new Map(data.calls.map((call) => [call.callSid, call]));
      return { calls: snapshot, news: null };
    }
    case 'call': {
      const known = calls.has(data.callSid);
      next.set(data.callSid, data);
      return { calls: next, news: known ? null : { kind: 'came', call: data } };
    }
    case 'gone': {
      const call = calls.get(data.callSid);
      next.delete(data.callSid);
      return { calls: next, news: call ? { kind: 'went', call, outcome: data.outcome, trigger: data.trigger } : null };
    }
    default:
      return { calls, news: null };
  }
}

/** An event stream that comes back by itself, also after the server closed it for good. */
export class Stream {
  /** @param {Record<string, (data: object) => void>} handlers by event, and `status` */
  constructor(path, handlers) {
    this.path = path;
    this.handlers = handlers;
    this.onvisible = () => this.look();
    document.addEventListener('visibilitychange', this.onvisible);
    this.open();
  }

  open() {
    this.shut();
    this.status('connecting');
    const source = new EventSource(`/api/v1${this.path}`);
    this.source = source;
    for (const [name, handler] of Object.entries(this.handlers)) {
      if (name === 'status') continue;
      source.addEventListener(name, (event) => {
        this.status('live');
        handler(JSON.parse(event.data));
      });
    }
    source.onopen = () => this.status('live');
    source.onerror = () => {
      this.status('lost');
      // The browser tries again by itself unless the answer was no stream.
      if (source.readyState !== EventSource.CLOSED) return;
      this.retry = setTimeout(() => this.again(), RETRY_AFTER);
    };
  }

  async again() {
    const session = await get('/session').catch(() => null);
    if (session?.access === 'signedOut') access.dispatchEvent(new Event('lost'));
    else if (this.source) this.open();
  }

  look() {
    clearTimeout(this.rest);
    if (document.hidden) this.rest = setTimeout(() => this.shut(), REST_AFTER);
    else if (!this.source || this.source.readyState === EventSource.CLOSED) this.open();
  }

  status(status) {
    if (status !== this.last) this.handlers.status?.(status);
    this.last = status;
  }

  shut() {
    clearTimeout(this.retry);
    this.source?.close();
    this.source = null;
  }

  close() {
    clearTimeout(this.rest);
    document.removeEventListener('visibilitychange', this.onvisible);
    this.shut();
  }
}

/** The calls that are live, and who wants to know. */
class Feed extends EventTarget {
  calls = new Map();

  status = 'connecting';

  start() {
    if (this.stream) return;
    const take = (event) => (data) => {
      const { calls, news } = reduce(this.calls, event, data);
      this.calls = calls;
      this.changed();
      if (news) this.dispatchEvent(new CustomEvent('news', { detail: news }));
    };
    this.stream = new Stream('/live', {
      snapshot: take('snapshot'),
      call: take('call'),
      gone: take('gone'),
      status: (status) => {
        this.status = status;
        this.changed();
      },
    });
  }

  stop() {
    this.stream?.close();
    this.stream = null;
    this.calls = new Map();
    this.changed();
  }

  /** However many calls change at once, the page is drawn once. */
  changed() {
    if (this.waiting) return;
    this.waiting = true;
    const tell = () => {
      this.waiting = false;
      this.dispatchEvent(new Event('change'));
    };
    if (document.hidden) setTimeout(tell, 250);
    else requestAnimationFrame(tell);
  }
}

export const feed = new Feed();
