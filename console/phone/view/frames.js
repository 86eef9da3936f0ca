// Everything that goes over the wire, for those who build on it.

import { h, replace, write } from '../../lib/dom.js';
import { keep, recall } from '../../lib/memory.js';
import { latency } from '../../lib/format.js';
import { copy } from '../../parts/actions.js';
import { pretty } from '../../parts/transcript.js';
import { text } from '../../text.js';
import { line } from '../frame.js';
import { handset } from '../handset.js';

const words = text.frames;

export function frames(leaving) {
  const list = h('ol.frames-list', { 'aria-label': words.list });
  const none = h('p.quiet', words.empty);
  const count = h('span.quiet.num');
  const reports = h('input', { type: 'checkbox', checked: recall('frames.reports', true), onchange: () => redraw() });
  const element = h('details.frames.card', { open: recall('frames.open', false), ontoggle: () => {
    keep('frames.open', element.open);
    redraw();
  } },
  h('summary', h('h2', words.title), count),
  h('div.frames-bar', h('p.quiet', words.lead), h('label.check', reports, words.reports),
    h('button.button.small', { type: 'button', onclick: () => copy(handset.log.map(plain).join('\n')) }, words.copy)),
  none, h('div.frames-scroll', { tabindex: 0, role: 'region', 'aria-label': words.title }, list));
  let drawn = -1;
  let waiting = false;

  const wanted = (entry) => reports.checked || entry.frame?.type !== 'info';
  const draw = () => {
    waiting = false;
    write(count, handset.log.length ? text.count.frame(handset.log.length + handset.dropped) : '');
    none.hidden = handset.log.length > 0;
    if (!element.open) return;
    const place = list.parentElement;
    const follows = place.scrollHeight - place.scrollTop - place.clientHeight < 60;
    const fresh = handset.log.filter((entry) => entry.number > drawn && wanted(entry));
    list.append(...fresh.map((entry) => row(entry, handset.log[0].at)));
    drawn = handset.log.at(-1)?.number ?? -1;
    if (follows) place.scrollTop = place.scrollHeight;
  };
  const redraw = () => {
    keep('frames.reports', reports.checked);
    replace(list);
    drawn = -1;
    draw();
  };
  handset.addEventListener('call', redraw, { signal: leaving });
  handset.addEventListener('log', () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(draw);
  }, { signal: leaving });
  draw();
  return element;
}

/** What kind it is, which way it went, and what is in it. */
function shape(entry) {
  switch (entry.kind) {
    case 'frame': return [entry.way, entry.frame?.type ?? '?', entry.fault ?? line(entry.frame)];
    case 'webhook': return ['out', 'POST', `${entry.path.split('?')[0]} → ${entry.status} · ${latency(entry.took)}`];
    case 'socket': return ['both', 'socket', entry.label === 'opened' ? words.opened : words.closed(entry.code)];
    default: return ['in', entry.label, ''];
  }
}

function body(entry) {
  if (entry.kind === 'frame') return pretty(entry.body);
  if (entry.kind === 'webhook') {
    const fields = Object.entries(entry.fields).map(([name, value]) => `${name}=${value}`).join('\n');
    return `POST ${entry.path}\n\n${fields}\n\n${entry.body}`;
  }
  return entry.body ?? '';
}

function row(entry, began) {
  const [way, kind, what] = shape(entry);
  const element = h('li', { dataset: { way, kind, fault: Boolean(entry.fault) } });
  const inside = h('pre', { hidden: true });
  const toggle = h('button', {
    type: 'button', 'aria-expanded': 'false',
    onclick() {
      inside.hidden = !inside.hidden;
      if (!inside.hidden) write(inside, body(entry));
      toggle.setAttribute('aria-expanded', String(!inside.hidden));
    },
  }, h('span.at.num', `${((entry.at - began) / 1000).toFixed(2)}`),
  h('span.way', h('span.hidden', way === 'in' ? words.in : words.out)), h('span.kind', kind), h('span.what', what));
  element.append(toggle, inside);
  return element;
}

function plain(entry) {
  const [way, kind, what] = shape(entry);
  return `${way === 'in' ? '<' : '>'} ${entry.kind === 'frame' ? entry.body : `${kind} ${what}`}`;
}
