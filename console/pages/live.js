// The calls that are live, as they are now.

import { h, keyed, replace, write } from '../lib/dom.js';
import { feed } from '../lib/feed.js';
import { link } from '../lib/router.js';
import { liveActions } from '../parts/actions.js';
import { mood, showState, state, trigger } from '../parts/chips.js';
import { icon } from '../parts/icons.js';
import { announce, empty, skeleton } from '../parts/notice.js';
import { lasting } from '../parts/time.js';
import { text } from '../text.js';

const words = text.live;

export function page() {
  const lead = h('p.lead');
  const light = h('p.feed', h('i', { 'aria-hidden': 'true' }), h('span'));
  const lost = h('p.banner', { role: 'status', hidden: true }, icon('warn', 18), words.lost);
  const list = h('ul.live', { 'aria-label': words.list });
  const rest = h('div');
  const update = keyed(list, (call) => call.callSid, row);

  const draw = () => {
    const calls = [...feed.calls.values()].sort((one, other) => Date.parse(one.beganAt) - Date.parse(other.beganAt));
    const known = feed.status !== 'connecting' || calls.length > 0;
    write(lead, known ? words.lead(calls.length) : words.connecting);
    light.dataset.status = feed.status;
    write(light.lastChild, words.feed[feed.status]);
    lost.hidden = feed.status !== 'lost';
    list.classList.toggle('stale', feed.status === 'lost');
    update(calls);
    list.hidden = calls.length === 0;
    if (calls.length) replace(rest);
    else if (!known) replace(rest, skeleton(3, 'card'));
    else if (!rest.querySelector('.empty')) {
      replace(rest, empty({ title: words.emptyTitle, detail: words.empty, action: words.emptyAction, href: link(['phone']), image: 'live' }));
    }
  };
  const news = ({ detail: { kind, call, outcome } }) => {
    const told = kind === 'came' ? words.came(call.caller) : words.went(call.caller, text.outcomes[outcome] ?? text.states.over);
    announce(told, (several) => words.several(several.length));
  };
  feed.addEventListener('change', draw);
  feed.addEventListener('news', news);
  draw();
  return {
    title: words.title,
    element: h('div.page', h('header.page-head', h('div', h('h1', words.title), lead), light), lost, list, rest),
    leave() {
      feed.removeEventListener('change', draw);
      feed.removeEventListener('news', news);
    },
  };
}

function row(first) {
  const href = link(['calls', first.callSid]);
  const where = state(first.state);
  const said = h('p.last-words');
  const turns = h('span.num');
  const feelings = h('div.feelings');
  const time = lasting(first.beganAt);
  const caller = h('a.caller', { href, 'aria-label': words.openCall(first.caller) }, first.caller || text.call.unknownCaller);
  const about = [first.phone && words.browser, first.line, !first.own && first.node && words.elsewhere(first.node)];
  const actions = h('div.row-actions', { role: 'group', 'aria-label': words.actions(first.caller) },
    liveActions(first.callSid, '.small'));
  const element = h('li.live-call.card', { dataset: { call: first.callSid } },
    h('div.live-who', where, caller, h('p.quiet', about.filter(Boolean).join(' · '))),
    h('div.live-said', said, feelings),
    h('div.live-time', time, turns),
    actions);
  const update = (call) => {
    showState(where, call.state);
    element.dataset.state = call.state;
    write(turns, words.turns(call.turns ?? 0));
    const last = call.lastWords;
    const shown = last ? `${last.who}:${last.text}` : '';
    if (said.dataset.shown !== shown) {
      said.dataset.shown = shown;
      replace(said, last
        ? [h('span.who', { dataset: { who: last.who } }, text.who[last.who]), ' ', last.text]
        : h('span.quiet', words.silence));
    }
    const felt = `${call.sentiment}:${call.trigger}`;
    if (feelings.dataset.shown !== felt) {
      feelings.dataset.shown = felt;
      replace(feelings, mood(call.sentiment), trigger(call.trigger));
    }
    const going = ['ringing', 'leaving', 'queued', 'withPerson'].includes(call.state);
    for (const button of actions.children) button.disabled = going;
  };
  update(first);
  return { element, update };
}
