// What stands where content would: nothing yet, on its way, or failed. And short news at the edge.

import { h } from '../lib/dom.js';
import { text } from '../text.js';
import { icon } from './icons.js';

/** An empty place that says what to do. */
export function empty({ title, detail, action, href, image = 'calls' }) {
  return h('div.empty', h('span.empty-image', icon(image, 28)), h('h2', title), h('p', detail),
    action && h('a.button.primary', { href }, action));
}

/** A failure, with a way to try again. */
export function failure(problem, again) {
  return h('div.empty.failure', { role: 'alert' }, h('span.empty-image', icon('warn', 28)),
    h('h2', problem.title ?? text.problem.title), problem.detail && h('p', problem.detail),
    again && h('button.button', { type: 'button', onclick: again }, text.shell.retry));
}

/** Grey lines in the shape of what is coming. They appear only when it takes a moment. */
export function skeleton(rows = 5, kind = 'row') {
  return h('div.skeleton', { 'aria-hidden': 'true', dataset: { kind } }, Array.from({ length: rows }, () => h('i')));
}

/** Tells something at the edge of the page, and to screen readers. */
export function toast(words, kind = 'good') {
  const place = document.getElementById('toasts');
  const element = h('p.toast', { dataset: { kind } }, icon(kind === 'good' ? 'check' : 'warn', 18), words);
  place.append(element);
  setTimeout(() => {
    element.dataset.leaving = '';
    setTimeout(() => element.remove(), 200);
  }, kind === 'good' ? 4000 : 7000);
}

let waiting = [];
let timer = null;
let spoken = 0;
/** Tells screen readers alone; much at once becomes one sentence, and there is at most one in five seconds. */
export function announce(words, gathered = (several) => several.at(-1)) {
  waiting.push(words);
  if (timer) return;
  timer = setTimeout(() => {
    document.getElementById('announcer').textContent = waiting.length > 1 ? gathered(waiting) : waiting[0];
    waiting = [];
    timer = null;
    spoken = Date.now();
  }, Math.max(150, spoken + 5000 - Date.now()));
}
