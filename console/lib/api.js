// The JSON API of the server. Errors are problem+json and are thrown as `Problem`.

import { text } from '../text.js';

const BASE = '/api/v1';

/** What the server refused, and why. `status` is 0 where it did not answer. */
export class Problem extends Error {
  constructor({ status, title, detail, retryAfter = null }) {
    super(title);
    Object.assign(this, { status, title, detail, retryAfter });
  }
}

/** Told when a request was refused because nobody is signed in. */
export const access = new EventTarget();

export const get = (path, signal) => request('GET', path, undefined, signal);
export const post = (path, body = {}) => request('POST', path, body);
export const remove = (path) => request('DELETE', path);

async function request(method, path, body, signal) {
  const headers = { accept: 'application/json' };
  if (method !== 'GET') headers['x-warmline'] = '1';
  if (body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(BASE + path, {
    method, headers, signal, credentials: 'same-origin', cache: 'no-store',
    body: body === undefined ? undefined : JSON.stringify(body),
  }).catch((error) => {
    if (error.name === 'AbortError') throw error;
    throw new Problem({ status: 0, title: text.problem.offline, detail: text.problem.offlineDetail });
  });
  if (response.ok) return response.status === 204 || response.status === 202 ? null : response.json();
  const problem = await response.json().catch(() => ({}));
  if (response.status === 401 && path !== '/session') access.dispatchEvent(new Event('lost'));
  throw new Problem({
    status: response.status,
    title: problem.title ?? text.problem.unknown(response.status),
    detail: problem.detail ?? '',
    retryAfter: Number(response.headers.get('retry-after')) || null,
  });
}

/** A list page by page: `more()` answers the next items, `done` tells that there are none. */
export function pages(path, query, limit = 50) {
  let cursor = null;
  let done = false;
  let kept = true;
  return {
    get done() {
      return done;
    },
    /** False where the server keeps nothing, so that a list holds what is live alone. */
    get kept() {
      return kept;
    },
    async more(signal) {
      const parameters = new URLSearchParams({ limit, ...query });
      for (const [name, value] of [...parameters]) if (!value) parameters.delete(name);
      if (cursor) parameters.set('cursor', cursor);
      const page = await get(`${path}?${parameters}`, signal);
      cursor = page.next ?? null;
      done = !cursor;
      kept = page.kept !== false;
      return page.items;
    },
  };
}
