// Twilio's requests to the server: forms with everything about the call, answered with documents.
//
// https://www.twilio.com/docs/voice/twiml#request-parameters

import * as twiml from './twiml.js';

/** What a webhook or a socket did not do. `kind` names the words for it. */
export class LineError extends Error {
  constructor(kind, detail) {
    super(kind);
    this.kind = kind;
    this.detail = detail;
  }
}

/** 32 random hex digits behind a prefix. */
export function sid(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return prefix + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Webhooks {
  /**
   * @param {{ticket: string, form: Record<string, string>}} minted
   * @param {(entry: object) => void} log
   */
  constructor({ ticket, form }, origin, log) {
    Object.assign(this, { ticket, form, origin, log });
  }

  /** Asks an address what to do. Answers a document Twilio would run. */
  async ask(address, fields) {
    const { status, body, type } = await this.post(address, fields);
    if (status !== 200) throw new LineError('webhook', status);
    if (!/^(text|application)\/xml\b/u.test(type)) throw new LineError('document');
    try {
      const document = twiml.parse(body);
      twiml.verbs(document);
      return document;
    } catch {
      throw new LineError('document');
    }
  }

  /** Posts to an address, and answers whatever is answered. */
  async post(address, fields, { keepalive = false } = {}) {
    const path = twiml.local(address, this.origin);
    const form = { ...this.form, ...fields };
    const began = performance.now();
    const response = await fetch(path, {
      method: 'POST', keepalive, credentials: 'same-origin', redirect: 'error',
      headers: { 'x-warmline-phone': this.ticket, 'i-twilio-idempotency-token': crypto.randomUUID() },
      body: new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
    }).catch(() => {
      throw new LineError('away');
    });
    const body = await response.text();
    this.log({ kind: 'webhook', path, status: response.status, took: performance.now() - began, fields: form, body });
    return { status: response.status, type: response.headers.get('content-type') ?? '', body };
  }
}
