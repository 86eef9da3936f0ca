// Every call that went to a person.

import { Problem, pages } from '../lib/api.js';
import { h, replace, write } from '../lib/dom.js';
import { target } from '../lib/format.js';
import { link } from '../lib/router.js';
import { handoffState, mood, trigger } from '../parts/chips.js';
import { icon } from '../parts/icons.js';
import { empty, failure, skeleton } from '../parts/notice.js';
import { when } from '../parts/time.js';
import { text } from '../text.js';
import { local } from '../phone/twiml.js';

const words = text.handoffs;

export function page() {
  const items = h('ol.handoffs', { 'aria-label': words.list });
  const place = h('div');
  const status = h('p.quiet.list-end', { role: 'status' });
  const more = h('button.button', { type: 'button', hidden: true, onclick: () => load() }, text.shell.more);
  const list = pages('/handoffs', {}, 30);
  const leaving = new AbortController();

  async function load() {
    more.disabled = true;
    const first = !items.children.length;
    if (first) replace(place, skeleton(4, 'card'));
    try {
      const loaded = await list.more(leaving.signal);
      items.append(...loaded.map(one));
      replace(place, items.children.length ? items : empty({
        title: words.emptyTitle, detail: words.empty, action: words.emptyAction, href: link(['phone']), image: 'handoffs',
      }));
      more.hidden = list.done;
      write(status, list.kept ? (list.done && items.children.length ? text.calls.end : '') : text.calls.noStore);
      if (!first && loaded.length) items.children[items.children.length - loaded.length].querySelector('a').focus();
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof Problem)) throw error;
      if (first) replace(place, failure(error, load));
      else write(status, error.detail || error.title);
    } finally {
      more.disabled = false;
    }
  }

  load();
  return {
    title: words.title,
    element: h('div.page', h('header.page-head', h('div', h('h1', words.title), h('p.lead', words.lead))),
      place, h('div.list-foot', more, status)),
    leave: () => leaving.abort(),
  };
}

function one(handoff) {
  return h('li.card.handoff', { dataset: { mood: handoff.sentiment } },
    h('div.handoff-head',
      h('h2', h('a', { href: link(['calls', handoff.callSid]) }, handoff.reason || text.unknown)),
      when(handoff.decidedAt)),
    h('p.summary', handoff.callSummary),
    h('div.chips', mood(handoff.sentiment), trigger(handoff.trigger), handoffState(handoff.state),
      handoff.reasonCode && h('code.chip', handoff.reasonCode),
      handoff.target && h('span.chip.target', { title: handoff.target }, icon('next', 14), target(handoff.target))),
    handoff.deskUrl && h('a.desk-link', { href: local(handoff.deskUrl, location.origin), target: '_blank', rel: 'noreferrer' },
      words.openDesk, icon('external', 14)));
}
