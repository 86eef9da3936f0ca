// How the server is doing, how it is set, and what was done in this console.

import { Problem, get, pages } from '../lib/api.js';
import { h, replace, write } from '../lib/dom.js';
import { count, roughly, shortSid, target, title } from '../lib/format.js';
import { link } from '../lib/router.js';
import { field } from '../parts/dialog.js';
import { empty, failure, skeleton } from '../parts/notice.js';
import { when } from '../parts/time.js';
import { text } from '../text.js';

const words = text.system;
const TABS = { health, settings, audit };
const LOOK_AGAIN = 5000;

export function page({ path: [, wanted = 'health'] }) {
  const name = TABS[wanted] ? wanted : 'health';
  const leaving = new AbortController();
  const place = h('div.system-body');
  const again = async () => {
    replace(place, skeleton(5));
    try {
      await TABS[name](place, leaving.signal);
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof Problem)) throw error;
      replace(place, failure(error, again));
    }
  };
  const tabs = h('nav.tabs', { 'aria-label': words.tabsLabel }, Object.keys(TABS).map((tab) =>
    h('a', { href: link(['system', tab]), 'aria-current': tab === name ? 'page' : null }, words.tabs[tab])));
  again();
  return {
    title: `${words.tabs[name]} · ${words.title}`,
    element: h('div.page', h('header.page-head', h('div', h('h1', words.title))), tabs, place),
    leave: () => leaving.abort(),
  };
}

async function health(place, signal) {
  const draw = async () => {
    const state = await get('/health', signal);
    replace(place, tiles(state));
  };
  await draw();
  const timer = setInterval(() => {
    if (!document.hidden) draw().catch(() => {});
  }, LOOK_AGAIN);
  signal.addEventListener('abort', () => clearInterval(timer));
}

function tiles(state) {
  const say = words.health;
  const { calls, store, model } = state;
  const tile = (name, value, details, kind = 'plain') => h('div.tile.card', { dataset: { kind } },
    h('dt', name), h('dd.tile-value', value), details.filter(Boolean).map((line) => h('dd.quiet', line)));
  const serving = state.ready ? say.ready : state.draining ? say.draining : say.notReady;
  // Who waits for a person or is written late is worth a look; an outage is worth more.
  const kept = store.away ? say.away : store.kept ? say.kept : say.off;
  const where = typeof store.kept === 'string' ? store.kept : null;
  const resting = model.resting ?? [];
  return h('dl.tiles',
    tile(text.product, serving, [], state.ready ? 'good' : 'bad'),
    tile(say.calls, count(calls.live), [calls.most ? say.most(calls.most) : null]),
    tile(say.uptime, roughly((state.uptimeSeconds ?? 0) * 1000), [text.shell.version(state.version)]),
    tile(say.model, model.describe, [resting.length ? say.resting(resting.join(', ')) : say.awake], resting.length ? 'warn' : 'plain'),
    tile(say.store, kept, [where,
      store.waiting ? `${count(store.waiting)} ${say.waiting}` : null, store.lost ? `${count(store.lost)} ${say.lost}` : null,
    ], store.away || store.lost ? 'bad' : 'plain'));
}

async function settings(place, signal) {
  const state = await get('/settings', signal);
  const say = words.settings;
  const list = h('tbody');
  const none = h('p.quiet', { role: 'status' });
  const find = h('input', { type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => draw() });
  const only = h('input', { type: 'checkbox', onchange: () => draw() });
  const draw = () => {
    const wanted = find.value.trim().toLowerCase();
    const items = state.items.filter((item) => (!only.checked || item.from !== 'default')
      && `${item.name} ${item.about ?? ''}`.toLowerCase().includes(wanted));
    replace(list, items.map(setting));
    write(none, items.length ? '' : say.none);
  };
  draw();
  replace(place,
    h('section.card.flush', { 'aria-label': words.tabs.settings },
      h('div.filter.inside', field({ label: say.filter, control: find }), h('label.check', only, say.only)),
      h('table.list.settings', h('caption.hidden', words.tabs.settings), h('thead', h('tr',
        Object.values(say.columns).map((name) => h('th', { scope: 'col' }, name)))), list), none),
    h('div.columns',
      h('section.card', h('h2', say.prompts), h('p', title(state.prompts.source)), h('p.quiet', say.promptsVersion(state.prompts.version)),
        state.prompts.variants?.length > 1 && h('ul.plain', state.prompts.variants.map((one) => h('li', h('code', one.name), ' ', h('span.quiet', say.promptsShare(one.share, one.version))))),
        state.prompts.broken?.length > 0 && h('div', { role: 'alert' }, h('p', say.promptsBroken), h('ul.plain', state.prompts.broken.map((one) => h('li', h('code', one)))))),
      h('section.card', h('h2', say.tools), state.tools.length
        ? h('ul.plain', state.tools.map((tool) => h('li', h('code', tool.name), ' ', h('span.quiet', tool.kind))))
        : h('p.quiet', say.toolsNone)),
      h('section.card', h('h2', say.targets), h('ol.plain', state.targets.map((one) => h('li', h('code', target(told(one))))))),
      state.file.map((table) => h('section.card', h('h2', say.file(table.name)), table.values.length
        ? h('ul.plain', table.values.map((one) => h('li', h('code', one.name), ' ', h('span.quiet', one.value))))
        : h('p.quiet', say.fileNone)))));
}

/** A target, however the server tells it. */
function told(value) {
  if (value === null || typeof value !== 'object') return String(value);
  if (value.name && value.value !== undefined) return `${title(value.name)}: ${told(value.value)}`;
  return Object.entries(value).map(([name, one]) => `${title(name)}: ${told(one)}`).join(', ');
}

function setting(item) {
  const say = words.settings;
  const value = item.secret && item.set
    ? h('span.secret', { 'aria-label': say.secret }, '••••••••')
    : item.value === null || item.value === undefined || item.value === '' ? h('span.quiet', say.unset) : h('code', String(item.value));
  return h('tr', h('th', { scope: 'row' }, h('code', item.name), item.about && h('span.about', item.about)),
    h('td', value), h('td', h('span.chip.from', { dataset: { from: item.from } }, say.from[item.from] ?? item.from)));
}

async function audit(place, signal) {
  const say = words.audit;
  const list = pages('/audit', {}, 50);
  const rows = h('tbody');
  const more = h('button.button', { type: 'button', hidden: true, onclick: () => load() }, text.shell.more);
  const table = h('table.list.audit', h('caption.hidden', words.tabs.audit), h('thead', h('tr',
    Object.entries(say.columns).map(([name, label]) => h(`th.col-${name}`, { scope: 'col' }, label)))), rows);
  const load = async () => {
    const items = await list.more(signal);
    rows.append(...items.map((item) => h('tr',
      h('td.col-at', when(item.at)),
      h('td.col-what', say.what[item.what] ?? title(item.what)),
      h('td.col-call', item.callSid ? h('a', { href: link(['calls', item.callSid]) }, h('code', shortSid(item.callSid))) : text.none),
      h('td.col-from', item.from ?? text.none))));
    more.hidden = list.done;
  };
  await load();
  replace(place, rows.children.length ? h('section.card.flush', table) : empty({ title: say.emptyTitle, detail: say.empty, image: 'eye' }),
    h('div.list-foot', more));
}
