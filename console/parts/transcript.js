// What was said, with what was not heard shown as such, and what happened in between.

import { h, keyed, replace } from '../lib/dom.js';
import { duration, exact, heardOf, latency, words } from '../lib/format.js';
import { turn } from '../lib/waterfall.js';
import { text } from '../text.js';
import { trigger } from './chips.js';
import { icon } from './icons.js';

/** The list of everything in a call, in order. `update(call)` draws anew what changed, and only that. */
export function transcript() {
  const list = h('ol.transcript');
  const none = h('p.quiet', { hidden: true }, text.call.transcriptNone);
  const draw = keyed(list, ({ key }) => key, (first) => {
    const element = h('li');
    let drawn = null;
    const update = (entry) => {
      const now = JSON.stringify(entry);
      if (now !== drawn) row(element, entry);
      drawn = now;
    };
    update(first);
    return { element, update };
  });
  return {
    element: h('div', none, list),
    update(call) {
      const all = entries(call);
      none.hidden = all.length > 0;
      draw(all);
    },
  };
}

/** Turns, what led to a person behind the turn it happened in, and every new session. */
function entries(call) {
  const began = Date.parse(call.beganAt);
  const turns = call.transcript.map((said, place) => ({ key: `said-${place}`, at: Date.parse(said.steps.beganAt), said, began }));
  const triggers = (call.triggers ?? []).map((trigger, place) => ({ key: `trigger-${place}`, at: Date.parse(trigger.happenedAt), trigger, began }));
  let session = call.transcript[0]?.session ?? 0;
  return [...turns, ...triggers].sort((one, other) => one.at - other.at).flatMap((entry) => {
    if (!entry.said || entry.said.session === session) return [entry];
    session = entry.said.session;
    return [{ key: `session-${session}`, session }, entry];
  });
}

function row(element, { said, trigger: led, at, began }) {
  element.className = said ? 'said' : 'event';
  if (said) {
    element.dataset.who = said.who;
    replace(element, one(said, at, began));
  } else if (led) replace(element, h('span.hidden', text.call.trigger('')), trigger(led.name), clock(at, began));
  else replace(element, icon('warn', 16), text.call.again);
}

function clock(at, began) {
  return h('time.num', { datetime: new Date(at).toISOString(), title: exact(at) }, duration(at - began));
}

function one(said, at, began) {
  const measured = turn(said);
  const { heard, unheard, whole } = heardOf(said);
  const spoken = h('p.words');
  if (heard || !unheard) spoken.append(heard || whole);
  if (unheard.trim()) {
    const why = said.interrupted ? text.call.cutOff : text.call.neverHeard;
    spoken.append(h('s', { title: why }, h('span.hidden', ` ${text.call.notHeard}`), unheard));
  } else if (unheard) {
    spoken.append(unheard);
  }
  const notes = [
    said.interrupted && h('span.note.cut', text.call.cutOff),
    measured && measured.firstWord !== null && h('span.note', text.call.firstWord(latency(measured.firstWord))),
  ];
  return [
    h('div.said-head', h('span.who', text.who[said.who] ?? words(said.who)), clock(at, began), notes),
    whole.trim() && spoken,
    (said.tools ?? []).map(tool),
  ];
}

function tool(run) {
  const took = run.endedAt ? text.call.toolTook(latency(Date.parse(run.endedAt) - Date.parse(run.beganAt))) : text.call.toolRuns;
  return h('details.tool',
    h('summary', icon('tool', 16), h('span.hidden', `${text.call.tool} `), h('code', run.name), h('span.note', took)),
    h('dl', h('dt', text.call.toolArguments), h('dd', h('pre', { tabindex: 0 }, pretty(run.arguments))),
      h('dt', text.call.toolResult), h('dd', h('pre', { tabindex: 0 }, run.result === null || run.result === undefined ? text.call.toolNothing : pretty(run.result)))));
}

/** JSON on several lines; anything else as it is. */
export function pretty(value) {
  try {
    return JSON.stringify(typeof value === 'string' ? JSON.parse(value) : value, null, 2);
  } catch {
    return String(value);
  }
}

/** The same as plain text, to be copied. */
export function plain(call) {
  const began = Date.parse(call.beganAt);
  return call.transcript.map((said) => {
    const { heard, unheard, whole } = heardOf(said);
    const cut = unheard.trim() ? ` [${text.call.notHeard}${unheard.trim()}]` : '';
    return `${duration(Date.parse(said.steps.beganAt) - began)} ${text.who[said.who]}: ${(heard || (cut ? '' : whole)).trim()}${cut}`;
  }).join('\n');
}
