// What can be done about a call. Each is asked about first, and told afterwards.

import { Problem, post, remove } from '../lib/api.js';
import { h, write } from '../lib/dom.js';
import { text } from '../text.js';
import { ask, field } from './dialog.js';
import { icon } from './icons.js';
import { toast } from './notice.js';

const LONGEST_NOTE = 500;
const LONGEST_REASON = 300;

const path = (callSid, action) => `/calls/${encodeURIComponent(callSid)}${action}`;

/** Hands a live call to a person. */
export async function escalate(callSid) {
  const words = text.escalate;
  const reason = h('input', {
    type: 'text', name: 'reason', maxlength: LONGEST_REASON, autocomplete: 'off', placeholder: words.placeholder,
  });
  const done = await ask({
    title: words.title, lead: words.lead, confirm: words.confirm,
    fields: [field({ label: words.reason, aside: words.optional, control: reason })],
    explain: (problem) => (problem.status === 409 ? words.conflict : null),
    act: (form) => post(path(callSid, '/escalate'), form.get('reason').trim() ? { reason: form.get('reason').trim() } : {}),
  });
  if (done) toast(words.done);
  return done;
}

/** Puts a note into the model's context. */
export async function whisper(callSid) {
  const words = text.whisper;
  const left = h('p.hint.num', words.left(LONGEST_NOTE));
  const note = h('textarea', {
    name: 'text', rows: 3, maxlength: LONGEST_NOTE, required: true, placeholder: words.placeholder,
    oninput: () => write(left, words.left(LONGEST_NOTE - note.value.length)),
  });
  const done = await ask({
    title: words.title, lead: words.lead, confirm: words.confirm,
    fields: [field({ label: words.note, control: note }), left],
    explain: (problem) => (problem.status === 409 ? words.conflict : null),
    act: (form) => {
      const said = form.get('text').trim();
      if (!said) throw new Problem({ status: 422, title: words.empty });
      return post(path(callSid, '/whisper'), { text: said });
    },
  });
  if (done) toast(words.done);
  return done;
}

/** Deletes everything about a call. */
export async function erase(callSid) {
  const words = text.remove;
  const done = await ask({ ...words, danger: true, act: () => remove(path(callSid, '')) });
  if (done) toast(words.done);
  return done;
}

/** Answers the numbers unmasked, or null if it was not wanted after all. */
export async function reveal(callSid) {
  let numbers = null;
  await ask({
    ...text.reveal,
    act: async () => {
      numbers = await post(path(callSid, '/reveal'));
    },
  });
  return numbers;
}

/** The two buttons of a live call. */
export function liveActions(callSid, size = '') {
  const button = (name, words, act) => h(`button.button${size}`, {
    type: 'button', onclick: () => act(callSid), dataset: { action: name },
  }, icon(name === 'escalate' ? 'person' : 'whisper', 18), h('span', words));
  return [
    button('whisper', text.whisper.action, whisper),
    button('escalate', text.escalate.action, escalate),
  ];
}

/** Copies, and says whether that worked. */
export async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    toast(text.shell.copied);
  } catch {
    toast(text.shell.copyFailed, 'bad');
  }
}

/** Saves a file on the reader's disk. */
export function save(name, content, type = 'application/json') {
  const url = URL.createObjectURL(new Blob([content], { type }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
