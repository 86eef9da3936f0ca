// One hand-off of a call: why, in which mood, what the person gets to know, and where it went.

import { h } from '../lib/dom.js';
import { target, words as spaced } from '../lib/format.js';
import { local } from '../phone/twiml.js';
import { text } from '../text.js';
import { handoffState, mood, trigger } from './chips.js';
import { icon } from './icons.js';
import { when } from './time.js';
import { pretty } from './transcript.js';

const words = text.call;

export function handoff(one) {
  const document = one.document ?? {};
  const about = document.warmline ?? {};
  const desk = one.deskUrl ?? about.deskUrl;
  return h('article.handed', { dataset: { mood: document.sentiment } },
    h('h3', document.reason ?? spaced(document.reasonCode ?? text.unknown)),
    h('div.chips', mood(document.sentiment), trigger(about.trigger), document.reasonCode && h('code.chip', document.reasonCode)),
    document.callSummary && h('p.summary', document.callSummary),
    about.summaryBy && h('p.quiet', words.summaryBy[about.summaryBy] ?? about.summaryBy),
    h('dl.facts',
      h('div', h('dt', words.target), h('dd', one.target ? h('span.target', { title: one.target }, target(one.target)) : words.targetNone)),
      h('div', h('dt', handoffState(one.state)), h('dd', when(one.changedAt)))),
    desk && h('a.desk-link', { href: local(desk, location.origin), target: '_blank', rel: 'noreferrer' }, words.openDesk, icon('external', 14)),
    h('details.json', h('summary', words.document), h('pre', { tabindex: 0 }, pretty(document))));
}
