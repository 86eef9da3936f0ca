// The desk of the person who takes the call: what arrives there when the agent hands over.

import { h, replace } from '../../lib/dom.js';
import { title, words as spaced } from '../../lib/format.js';
import { mood, trigger } from '../../parts/chips.js';
import { icon } from '../../parts/icons.js';
import { announce } from '../../parts/notice.js';
import { lasting } from '../../parts/time.js';
import { pretty } from '../../parts/transcript.js';
import { text } from '../../text.js';
import { handset } from '../handset.js';
import { local } from '../twiml.js';
import { guide } from './guide.js';

const words = text.desk;
const RINGS = ['waiting', 'ringing'];

export function desk(leaving) {
  const body = h('div.desk-body');
  const section = h('section.desk.card', { 'aria-labelledby': 'desk-title', tabindex: -1 },
    h('header.card-head', h('div', h('h2', { id: 'desk-title' }, words.title), h('p.quiet', words.lead))), body);
  const place = h('div');
  const card = h('div');
  let shown = {};
  const draw = () => {
    const { state, task: given = null } = handset.desk;
    section.dataset.state = state;
    if (state === 'empty') {
      shown = {};
      replace(body, nothing(leaving));
      return;
    }
    replace(place, bar(handset.desk));
    // A Task comes first; who accepts it gets the desk page. It stays as it is then, and does not load anew.
    const opened = !RINGS.includes(state) && state !== 'passed' && state !== 'left' && deskOf(given);
    if (given !== shown.task || opened !== shown.opened) replace(card, given && (opened ? page(opened) : task(given)));
    shown = { task: given, opened };
    if (!place.isConnected) replace(body, place, card);
  };
  handset.addEventListener('call', draw, { signal: leaving });
  handset.addEventListener('desk', () => {
    const before = section.dataset.state;
    draw();
    const { state, task: given } = handset.desk;
    if (RINGS.includes(state) && before !== state) announce(words.arrived(given?.attributes?.name ?? text.call.unknownCaller));
    // The button that had the focus is gone: its successor gets it.
    if (before !== state && ['connected', 'passed', 'over'].includes(state) && section.contains(document.activeElement) === false) {
      body.querySelector('button')?.focus({ preventScroll: true });
    }
  }, { signal: leaving });
  draw();
  return section;
}

function nothing(leaving) {
  return h('div.desk-empty',
    h('div.desk-ghost', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i')),
    h('p', h('strong', words.emptyTitle), h('br'), words.empty), guide(leaving));
}

/** What is going on, and what can be done about it. */
function bar(state) {
  const since = state.since && lasting(new Date(state.since).toISOString());
  const button = (kind, label, act, image) => h(`button.button${kind}`, { type: 'button', onclick: act }, image && icon(image, 18), h('span', label));
  const accept = (label) => button('.accept', label, () => handset.accept(), 'phone');
  const shapes = {
    waiting: () => [words.waiting, since, accept(words.accept), button('', words.decline, () => handset.decline())],
    ringing: () => [words.dialTitle, since, accept(words.dialAccept), button('', words.dialDecline, () => handset.decline())],
    connected: () => [words.connected, since, button('.danger', words.hangUp, () => handset.release(), 'hangUp')],
    recording: () => [words.recordTitle, since],
    recorded: () => [words.recorded(state.seconds)],
    passed: () => [words.passed],
    left: () => [words.left],
    over: () => [words.over],
  };
  const [label, time, ...buttons] = shapes[state.state]();
  const about = { ringing: words.dialLead(state.dial?.to), recording: words.recordLead }[state.state];
  return h('div.desk-bar', { dataset: { state: state.state } },
    h('p', h('span.pulse', { 'aria-hidden': 'true' }), h('strong', label), time && [' ', time], about && h('span.quiet.about', about)),
    buttons.length > 0 && h('div.buttons', buttons));
}

/** The address of the desk page on this server, if the Task has one. */
function deskOf(given) {
  const url = given?.attributes?.warmline?.deskUrl;
  return url ? local(url, location.origin) : null;
}

/** A Task as an agent sees it. */
function task({ attributes, workflow, queue }) {
  if (!attributes) return h('p.quiet', words.queue(queue));
  const about = attributes.warmline ?? {};
  const facts = Object.entries(about.memory ?? {});
  return h('article.task', { dataset: { mood: attributes.sentiment } },
    h('header', h('h3', attributes.name ?? text.call.unknownCaller), h('p.task-reason', attributes.reason),
      h('div.chips', mood(attributes.sentiment), trigger(about.trigger), attributes.reasonCode && h('code.chip', attributes.reasonCode),
        about.language && h('span.chip', about.language))),
    h('section', h('h4', words.summary), h('p.summary', attributes.callSummary)),
    facts.length > 0 && h('section', h('h4', words.facts), h('dl.facts', facts.map(([name, value]) => h('div', h('dt', spaced(name)), h('dd', value))))),
    about.transcript?.length > 0 && h('section', h('h4', words.said), h('ol.excerpt', about.transcript.map((line) =>
      h('li', { dataset: { who: line.who } }, h('span.who', text.who[line.who] ?? title(line.who)), ' ', line.text)))),
    h('details.json', h('summary', words.attributes), h('p.quiet', workflow ? words.workflow(workflow) : words.queue(queue)),
      h('pre', { tabindex: 0 }, pretty(attributes))));
}

function page(url) {
  return h('section.desk-page',
    h('h4', words.page, h('a.desk-link', { href: url, target: '_blank', rel: 'noreferrer' }, words.openPage, icon('external', 14))),
    h('iframe', { src: url, title: words.pageFrame, sandbox: 'allow-same-origin', referrerpolicy: 'no-referrer' }));
}
