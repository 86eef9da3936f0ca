// Navigation: at the side on a wide screen, at the foot on a narrow one.

import { h, replace } from '../lib/dom.js';
import { feed } from '../lib/feed.js';
import { link } from '../lib/router.js';
import { handset } from '../phone/handset.js';
import { text } from '../text.js';
import { icon, mark } from './icons.js';
import { lasting } from './time.js';

const words = text.shell;
const ITEMS = ['live', 'phone', 'calls', 'handoffs', 'system'];
const THEMES = ['auto', 'light', 'dark'];
const FACES = { auto: 'auto', light: 'sun', dark: 'moon' };

export function shell({ session, signOut }) {
  const links = new Map(ITEMS.map((name) => [name, h('a', { href: link([name]) }, icon(name, 22), h('span', words[name]))]));
  const count = h('span.count.num', { hidden: true });
  links.get('live').append(count);
  const line = h('a.on-the-line', { href: link(['phone']), hidden: true });
  const nav = h('nav.nav', { 'aria-label': words.navigation },
    h('a.brand', { href: link(['live']) }, mark(28), h('span', text.product)),
    h('ul', ITEMS.map((name) => h('li', links.get(name)))),
    line,
    h('div.nav-foot', h('p.about', h('span', { title: session.model }, session.model.split(' (')[0]), h('span', words.version(session.version))),
      h('div.nav-tools', theme(), session.access === 'signedIn' && h('button.tool-button', {
        type: 'button', title: words.signOut, 'aria-label': words.signOut, onclick: signOut,
      }, icon('out', 20)))));
  document.body.prepend(nav);
  document.body.prepend(document.querySelector('.skip'));
  document.body.dataset.shell = '';

  const leaving = new AbortController();
  const { signal } = leaving;
  const live = () => {
    const { size } = feed.calls;
    count.hidden = size === 0;
    replace(count, h('span', { 'aria-hidden': 'true' }, String(size)), h('span.hidden', ` (${words.liveCount(size)})`));
  };
  feed.addEventListener('change', live, { signal });
  let page = null;
  const busy = () => {
    const shown = handset.isBusy && page !== 'phone';
    line.hidden = !shown;
    if (!shown) return;
    replace(line, h('i', { 'aria-hidden': 'true' }), h('span', words.onTheLine), lasting(new Date(handset.line.began).toISOString()),
      h('span.hidden', words.backToPhone));
  };
  for (const event of ['call', 'state']) handset.addEventListener(event, busy, { signal });

  return {
    mark(name) {
      page = name;
      for (const [item, anchor] of links) {
        if (item === name) anchor.setAttribute('aria-current', 'page');
        else anchor.removeAttribute('aria-current');
      }
      busy();
    },
    remove() {
      leaving.abort();
      nav.remove();
      delete document.body.dataset.shell;
    },
  };
}

/** One button that goes round: as the system, light, dark. */
function theme() {
  const button = h('button.tool-button', { type: 'button' });
  const draw = () => {
    const now = window.warmlineTheme.get();
    const label = `${words.theme}: ${words.themes[now]}`;
    replace(button, icon(FACES[now], 20));
    button.title = label;
    button.setAttribute('aria-label', label);
  };
  button.addEventListener('click', () => {
    window.warmlineTheme.set(THEMES[(THEMES.indexOf(window.warmlineTheme.get()) + 1) % THEMES.length]);
    draw();
  });
  draw();
  return button;
}
