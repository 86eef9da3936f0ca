// The frame around the pages: navigation, who is signed in, which page is shown.

import { Problem, access, get, pages, remove } from './lib/api.js';
import { h, replace, write } from './lib/dom.js';
import { feed } from './lib/feed.js';
import { go, link, parse } from './lib/router.js';
import { failure, empty } from './parts/notice.js';
import { startClock } from './parts/time.js';
import { shell } from './parts/shell.js';
import { text } from './text.js';
import * as call from './pages/call.js';
import * as calls from './pages/calls.js';
import * as handoffs from './pages/handoffs.js';
import * as live from './pages/live.js';
import * as login from './pages/login.js';
import * as phone from './pages/phone.js';
import * as system from './pages/system.js';

const PAGES = { live, phone, handoffs, system };
const RETRY = 3000;

const main = document.getElementById('main');
let session = null;
let current = null;
let frame = null;

function choose({ path }) {
  const [name] = path;
  if (name === 'calls') return path.length > 1 ? call : calls;
  return PAGES[name] ?? null;
}

/** Shows the page of the address. */
function show({ focus = true } = {}) {
  const route = parse(location.hash);
  if (!route.path.length) return start();
  const chosen = choose(route);
  const shown = chosen
    ? chosen.page({ ...route, session })
    : { title: text.problem.gone, element: h('div.page', h('h1.hidden', text.problem.gone), empty({
      title: text.problem.gone, detail: text.problem.goneDetail, action: text.live.title, href: link(['live']), image: 'search',
    })) };
  place(shown, focus);
  frame.mark(route.path[0]);
  return undefined;
}

function place(shown, focus) {
  current?.leave?.();
  current = shown;
  document.title = `${shown.title} · ${text.product}`;
  replace(main, shown.element);
  scrollTo(0, 0);
  if (!focus) return;
  // The heading tells a screen reader where it is.
  const heading = shown.focus ?? main.querySelector('h1');
  if (heading?.tagName === 'H1') heading.tabIndex = -1;
  heading?.focus({ preventScroll: true });
}

/** Where nobody has chosen a page: the live calls, or the phone where there was never a call. */
async function start() {
  const first = session.calls?.live ? ['x'] : await pages('/calls', {}, 1).more().catch(() => ['x']);
  go(link([first.length ? 'live' : 'phone']), { quietly: true });
  show({ focus: false });
}

function signIn() {
  feed.stop();
  frame?.remove();
  frame = null;
  place(login.page({ entered: enter }), true);
}

async function signOut() {
  await remove('/session').catch(() => {});
  signIn();
}

/** Begins, or begins again after somebody signed in. */
async function enter() {
  try {
    session = await get('/session');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const off = error.status === 404;
    replace(main, h('div.page', h('h1.hidden', text.product), failure(
      off ? { title: text.problem.off, detail: error.detail || text.problem.offDetail } : error, off ? null : enter)));
    if (error.status === 0) setTimeout(enter, RETRY);
    return;
  }
  if (session.access === 'signedOut') {
    signIn();
    return;
  }
  frame ??= shell({ session, signOut });
  feed.start();
  await show({ focus: false });
}

const skip = document.querySelector('.skip');
write(skip, text.shell.skip);
// The address names the page, so that an anchor cannot.
skip.addEventListener('click', (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener('hashchange', () => {
  if (frame) show();
});
access.addEventListener('lost', () => {
  if (frame) signIn();
});
startClock();
enter();
