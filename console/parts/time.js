// Times that stay true: relative ones move on, running durations tick. The exact moment is in the title.

import { h, write } from '../lib/dom.js';
import { ago, duration, durationWords, exact } from '../lib/format.js';
import { text } from '../text.js';

/** `5 min ago`, exact on hover. */
export function when(at) {
  if (!at) return text.none;
  const then = Date.parse(at);
  return h('time', { datetime: at, title: exact(then), dataset: { ago: then } }, ago(then, Date.now()));
}

/** A duration that ticks until it has an end. */
export function lasting(beganAt, endedAt) {
  const began = Date.parse(beganAt);
  const element = h('time.num', { title: exact(began) });
  return showLasting(element, beganAt, endedAt);
}

/** The same in an element that is there. */
export function showLasting(element, beganAt, endedAt) {
  const began = Date.parse(beganAt);
  const ended = endedAt ? Date.parse(endedAt) : null;
  if (ended === null) element.dataset.since = began;
  else delete element.dataset.since;
  const ms = (ended ?? Date.now()) - began;
  element.setAttribute('datetime', `PT${Math.max(0, Math.floor(ms / 1000))}S`);
  return write(element, duration(ms));
}

/** How long something took, for eyes and for ears. */
export function spent(ms) {
  return h('span.num', h('span', { 'aria-hidden': 'true' }, duration(ms)), h('span.hidden', durationWords(ms)));
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of document.querySelectorAll('[data-since]')) {
    write(element, duration(now - Number(element.dataset.since)));
  }
  for (const element of document.querySelectorAll('[data-ago]')) {
    write(element, ago(Number(element.dataset.ago), now));
  }
}

/** Begins to tick, once for the whole page. */
export function startClock() {
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', tick);
}
