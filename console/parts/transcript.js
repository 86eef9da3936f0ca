// What was said, with what was not heard shown as such, and what happened in between.

import { h } from '../lib/dom.js';
import { duration, exact, heardOf, latency, words } from '../lib/format.js';
import { turn } from '../lib/waterfall.js';
import { text } from '../text.js';
import { trigger } from './chips.js';
import { icon } from './icons.js';

/** The list of everything in a call, in order. */
export function transcript(call) {
  if (!call.transcript.length) return h('p.quiet', text.call.transcriptNone);
  const began = Date.parse(call.beganAt);
  const entries = call.transcript.map((said) => ({ at: Date.parse(said.steps.beganAt), said }));
  const triggers = (call.triggers ?? []).map((one) => ({ at: Date.parse(one.happenedAt), trigger: one }));
  // A trigger stands behind the turn in which it happened.
  const all = [...entries, ...triggers].sort((one, other) => one.at - other.at);
  const list = h('ol.transcript');
  let session = all.find((entry) => entry.said)?.said.session ?? 0;
  for (const entry of all) {
    if (entry.trigger) {
      list.append(h('li.event', { dataset: { kind: 'trigger' } },
        h('span.hidden', text.call.trigger('')), trigger(entry.trigger.name), clock(entry.at, began)));
      continue;
    }
    if (entry.said.session !== session) {
      list.append(h('li.event', { dataset: { kind: 'session' } }, icon('warn', 16), text.call.again));
      session = entry.said.session;
    }
    list.append(one(entry.said, entry.at, began));
  }
  return list;
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
  return h('li.said', { dataset: { who: said.who } },
    h('div.said-head', h('span.who', text.who[said.who] ?? words(said.who)), clock(at, began), notes),
    whole.trim() && spoken,
    (said.tools ?? []).map(tool));
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
