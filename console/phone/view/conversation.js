// What is said, word by word as it is spoken. What is ahead stands there in grey; what is never heard is struck out.

import { h, replace, write } from '../../lib/dom.js';
import { latency } from '../../lib/format.js';
import { text } from '../../text.js';
import { handset } from '../handset.js';

const words = text.phone;
/** Closer than this to the end, the list follows what is said. */
const NEAR = 80;

export function conversation(leaving) {
  const list = h('ol.talk', { 'aria-label': words.conversation, tabindex: 0 });
  // Word by word would be a stammer in a screen reader: it gets each answer once, when it is complete.
  const spoken = h('div.hidden', { role: 'log', 'aria-live': 'polite' });
  const rows = new Map();
  const told = new Set();

  const add = (entry) => {
    const row = make(entry);
    rows.set(entry.key, row);
    list.append(row.element);
    follow(true);
    tell(entry);
  };
  const update = (entry) => {
    rows.get(entry.key)?.update?.(entry);
    follow();
    tell(entry);
  };
  const follow = (always = false) => {
    if (always || list.scrollHeight - list.scrollTop - list.clientHeight < NEAR) list.scrollTop = list.scrollHeight;
  };
  const tell = (entry) => {
    if (told.has(entry.key) || (entry.reply && !entry.reply.closed)) return;
    told.add(entry.key);
    if (entry.kind !== 'caller' && entry.kind !== 'key') spoken.append(h('p', entry.reply ? `${text.who.agent}: ${entry.reply.text}` : entry.words));
  };

  for (const entry of handset.entries) {
    told.add(entry.key);
    add(entry);
  }
  handset.addEventListener('entries', ({ detail }) => add(detail.entry), { signal: leaving });
  handset.addEventListener('entry', ({ detail }) => update(detail.entry), { signal: leaving });
  return { element: h('div.talk-frame', list, spoken) };
}

function make(entry) {
  return ({ agent, caller, key, note })[entry.kind](entry);
}

function agent({ reply }) {
  const said = h('span.said');
  const ahead = h('span.ahead');
  const cut = h('s', { hidden: true });
  const mark = h('span.cut-mark', { hidden: true }, words.interrupted);
  const first = h('span.first', { title: words.firstWordTitle });
  const element = h('li.bubble', { dataset: { who: reply.line ? 'line' : 'agent' } },
    h('span.hidden', `${reply.line ? words.line : text.who.agent}: `), h('p', said, ahead, cut),
    h('div.bubble-foot', mark, first));
  const update = () => {
    const whole = reply.text;
    write(said, whole.slice(0, reply.shown));
    write(ahead, reply.cut ? '' : whole.slice(reply.shown));
    element.dataset.heard = String(reply.heard >= whole.length && reply.closed);
    if (reply.cut) {
      cut.hidden = mark.hidden = false;
      replace(cut, h('span.hidden', ` ${text.call.notHeard}`), whole.slice(reply.shown));
    }
    write(first, reply.first === null || reply.first === undefined ? '' : words.firstWord(latency(reply.first)));
  };
  update();
  return { element, update };
}

function caller({ words: said, note }) {
  return {
    element: h('li.bubble', { dataset: { who: 'caller', unheard: Boolean(note) } }, h('span.hidden', `${words.you}: `), h('p', said),
      note && h('div.bubble-foot', h('span', note))),
  };
}

function key(first) {
  const pressed = h('p');
  const note = h('div.bubble-foot');
  const update = (entry) => {
    replace(pressed, [...entry.words].map((one) => h('kbd', one)));
    write(note, entry.note ?? '');
  };
  update(first);
  return { element: h('li.bubble', { dataset: { who: 'caller', keys: true } }, h('span.hidden', `${words.you}: ${words.pressed('')}`), pressed, note), update };
}

function note({ words: said, tone }) {
  return { element: h('li.talk-note', { dataset: { tone } }, said) };
}
