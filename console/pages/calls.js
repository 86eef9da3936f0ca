// Every call that is kept, the latest first.

import { Problem, pages } from '../lib/api.js';
import { h, replace, write } from '../lib/dom.js';
import { go, link } from '../lib/router.js';
import { outcome, trigger } from '../parts/chips.js';
import { field } from '../parts/dialog.js';
import { empty, failure, skeleton } from '../parts/notice.js';
import { lasting, when } from '../parts/time.js';
import { text } from '../text.js';

const words = text.calls;
const OUTCOMES = ['escalated', 'completed', 'closed'];

export function page({ query }) {
  const rows = h('tbody');
  const table = h('table.list', h('caption.hidden', words.lead), head(), rows);
  const place = h('div');
  const status = h('p.quiet.list-end', { role: 'status' });
  const more = h('button.button', { type: 'button', hidden: true, onclick: () => load() }, text.shell.more);
  const filtered = Boolean(query.outcome || query.caller);
  const list = pages('/calls', { outcome: query.outcome ?? '', caller: query.caller ?? '', state: query.outcome ? 'past' : '' });
  const leaving = new AbortController();

  async function load() {
    more.disabled = true;
    const first = !rows.children.length;
    if (first) replace(place, skeleton(8));
    try {
      const items = await list.more(leaving.signal);
      rows.append(...items.map(row));
      replace(place, rows.children.length ? table : nothing());
      more.hidden = list.done;
      write(status, list.kept ? (list.done && rows.children.length ? words.end : '') : words.noStore);
      if (!first && items.length) rows.children[rows.children.length - items.length].querySelector('a').focus();
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof Problem)) throw error;
      if (first) replace(place, failure(error, load));
      else write(status, error.detail || error.title);
    } finally {
      more.disabled = false;
    }
  }

  const nothing = () => empty(filtered
    ? { title: words.noneTitle, detail: words.none, action: words.clear, href: link(['calls']), image: 'search' }
    : { title: words.emptyTitle, detail: words.empty, action: words.emptyAction, href: link(['phone']), image: 'phone' });

  load();
  return {
    title: words.title,
    element: h('div.page', h('header.page-head', h('div', h('h1', words.title), h('p.lead', words.lead))),
      filter(query, filtered), h('div.card.flush', place), h('div.list-foot', more, status)),
    leave: () => leaving.abort(),
  };
}

function filter(query, filtered) {
  const end = h('select', { name: 'outcome' }, h('option', { value: '' }, words.any),
    OUTCOMES.map((name) => h('option', { value: name, selected: query.outcome === name }, text.outcomes[name])));
  const caller = h('input', { type: 'search', name: 'caller', value: query.caller ?? '', placeholder: words.callerHint, autocomplete: 'off', spellcheck: 'false' });
  const form = h('form.filter', { role: 'search', 'aria-label': words.filter },
    field({ label: words.caller, control: caller }), field({ label: words.outcome, control: end }),
    h('div.buttons', h('button.button.primary', { type: 'submit' }, words.apply),
      filtered && h('a.button', { href: link(['calls']) }, words.clear)));
  const apply = () => {
    const wanted = caller.value.trim();
    if (/^CA[0-9a-f]{32}$/iu.test(wanted)) go(link(['calls', wanted]));
    else go(link(['calls'], { outcome: end.value, caller: tidy(wanted) }));
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    apply();
  });
  end.addEventListener('change', apply);
  return form;
}

/** A number as it is kept, whatever people put between its digits. */
export function tidy(number) {
  return /^\+[\d\s().\-/]+$/u.test(number) ? number.replace(/[\s().\-/]/gu, '') : number;
}

function head() {
  const { columns } = words;
  return h('thead', h('tr', ['caller', 'began', 'lasted', 'turns', 'outcome', 'trigger'].map((name) =>
    h(`th.col-${name}`, { scope: 'col' }, columns[name]))));
}

function row(call) {
  const href = link(['calls', call.callSid]);
  return h('tr',
    h('td.col-caller', h('a.row-link', { href }, call.caller || text.call.unknownCaller)),
    h('td.col-began', when(call.beganAt)),
    h('td.col-lasted.num', call.endedAt || call.live ? lasting(call.beganAt, call.live ? null : call.endedAt) : text.none),
    h('td.col-turns.num', String(call.turns ?? 0), h('span.unit', ` ${words.columns.turns.toLowerCase()}`)),
    h('td.col-outcome', outcome(call)),
    h('td.col-trigger', trigger(call.trigger)));
}
