// One call: what was said, how fast, what it led to. Follows the call while it is live.

import { Problem, get } from '../lib/api.js';
import { h, replace, write } from '../lib/dom.js';
import { Stream, feed } from '../lib/feed.js';
import { shortSid, title, words as spaced } from '../lib/format.js';
import { go, link } from '../lib/router.js';
import { copy, erase, liveActions, reveal, save } from '../parts/actions.js';
import { mood, outcome, showState, trigger } from '../parts/chips.js';
import { handoff } from '../parts/handoff.js';
import { icon } from '../parts/icons.js';
import { empty, failure, skeleton } from '../parts/notice.js';
import { lasting, when } from '../parts/time.js';
import { plain, transcript } from '../parts/transcript.js';
import { waterfall } from '../parts/waterfall.js';
import { text } from '../text.js';

const words = text.call;

export function page({ path: [, callSid] }) {
  const body = h('div.page.call-page');
  const falls = waterfall();
  const said = transcript();
  const where = h('span.chip.state', { hidden: true });
  const leaving = new AbortController();
  let stream = null;
  let numbers = null;
  let call = null;

  async function load() {
    replace(body, back(), skeleton(6));
    try {
      show(await get(`/calls/${encodeURIComponent(callSid)}`, leaving.signal));
      if (call.live) follow();
    } catch (error) {
      if (error.name === 'AbortError') return;
      if (!(error instanceof Problem)) throw error;
      replace(body, back(), h('h1.hidden', words.title(shortSid(callSid))), error.status === 404
        ? empty({ title: text.problem.noCall, detail: text.problem.noCallDetail, action: words.back, href: link(['calls']), image: 'search' })
        : failure(error, load));
    }
  }

  function follow() {
    stream = new Stream(`/calls/${encodeURIComponent(callSid)}/live`, {
      gone: () => stream.close(),
      call(next) {
        show(next);
        // A call that ended may still come to its queue and its target: one more look, later.
        if (!next.live) {
          stream.close();
          setTimeout(() => get(`/calls/${encodeURIComponent(callSid)}`, leaving.signal).then(show, () => {}), 1500);
        }
      },
    });
  }

  /** Draws what changed and leaves the rest alone: open details, the focus and the place in the page. */
  const following = h('p.following', { hidden: true }, h('i', { 'aria-hidden': 'true' }), words.live);
  const parts = { head: h('header.call-head'), side: h('aside.call-side', { 'aria-label': words.facts }) };
  const drawn = {};
  function part(name, data, draw) {
    const key = JSON.stringify(data);
    if (drawn[name] === key) return;
    drawn[name] = key;
    draw();
  }

  function show(next) {
    call = next;
    const caller = numbers?.caller ?? call.caller ?? words.unknownCaller;
    document.title = `${words.title(caller)} · ${text.product}`;
    part('head', [caller, call.live, call.outcome, call.sentiment, call.trigger, call.endedAt], () => replace(parts.head, head(caller)));
    following.hidden = !call.live;
    said.update(call);
    part('falls', [call.transcript], () => falls.update(call.transcript));
    stands();
    part('side', [call.handoffs, call.facts, numbers, call.live, call.endedAt, call.turns, call.sessions, call.language, call.recording], () => {
      replace(parts.side, side());
    });
    if (!body.contains(parts.head)) {
      replace(body, back(), parts.head, h('div.call-grid',
        h('div.call-main', falls.element,
          h('section.card', { 'aria-labelledby': 'transcript-title' },
            h('header.card-head', h('h2', { id: 'transcript-title' }, words.transcript),
              h('button.button.small', { type: 'button', onclick: () => copy(plain(call)) }, icon('copy', 16), h('span', words.copy))),
            said.element, following)),
        parts.side));
    }
  }

  function head(caller) {
    return [
      h('div.call-title', h('h1.num', { tabindex: -1 }, caller),
        h('div.chips', outcome(call), where, mood(call.sentiment), trigger(call.trigger))),
      h('div.call-actions',
        call.live && liveActions(callSid),
        h('button.button', { type: 'button', onclick: toggleNumber }, icon('eye', 18), h('span', numbers ? text.reveal.hide : text.reveal.action)),
        h('button.button', { type: 'button', onclick: exportJson }, icon('download', 18), h('span', words.exportJson)),
        !call.live && h('button.button.quiet-danger', { type: 'button', onclick: eraseCall }, icon('trash', 18), h('span', text.remove.action))),
    ];
  }

  /** Who speaks just now, as the live page shows it. */
  function stands() {
    const now = call?.live && feed.calls.get(callSid);
    where.hidden = !now;
    if (now) showState(where, now.state);
  }

  async function toggleNumber() {
    numbers = numbers ? null : await reveal(callSid);
    show(call);
    parts.head.querySelectorAll('button')[call.live ? 2 : 0].focus();
  }

  async function eraseCall() {
    if (await erase(callSid)) go(link(['calls']));
  }

  function exportJson() {
    save(`${callSid}.json`, JSON.stringify(call, null, 2));
  }

  function side() {
    const facts = Object.entries(call.facts ?? {});
    const rows = [
      [words.began, when(call.beganAt)],
      [words.lasted, lasting(call.beganAt, call.live ? null : call.endedAt)],
      [words.turns, String(call.turns ?? 0)],
      [words.line, numbers?.line ?? call.line],
      [words.language, call.language],
      [words.direction, call.direction && title(call.direction)],
      [words.sessions, call.sessions > 1 ? words.sessionsMany(call.sessions) : null],
      [words.prompts, call.prompts && [call.promptVariant && `${call.promptVariant} `, h('code', call.prompts)]],
      [words.recording, call.recording && recorded(call.recording)],
      [words.node, call.node && h('code', call.node)],
      [words.call, h('button.sid', { type: 'button', title: text.frames.copy, onclick: () => copy(callSid) }, h('code', shortSid(callSid)), icon('copy', 14), h('span.hidden', text.frames.copy))],
    ];
    return [
      h('section.card', { 'aria-labelledby': 'handoff-title' }, h('h2', { id: 'handoff-title' }, words.handoffs),
        call.handoffs?.length ? call.handoffs.map(handoff) : h('p.quiet', call.live ? words.handoffsNotYet : words.handoffsNone)),
      h('section.card', { 'aria-labelledby': 'remembered-title' }, h('h2', { id: 'remembered-title' }, words.remembered),
        facts.length ? h('dl.facts', facts.map(([name, value]) => h('div', h('dt', spaced(name)), h('dd', value)))) : h('p.quiet', words.rememberedNone)),
      h('section.card', { 'aria-labelledby': 'facts-title' }, h('h2', { id: 'facts-title' }, words.facts),
        h('dl.facts', rows.filter(([, value]) => value).map(([name, value]) => h('div', h('dt', name), h('dd', value))))),
    ];
  }

  /** Twilio asks for its own credentials there, so the sound is not played here. */
  function recorded({ url, state, seconds }) {
    if (state !== 'completed') return words.recordingStates[state] ?? state;
    return h('a', { href: url, target: '_blank', rel: 'noreferrer' }, seconds === null ? words.recordingOpen : words.recordingLength(seconds));
  }

  feed.addEventListener('change', stands, { signal: leaving.signal });
  load();
  return {
    title: words.title(shortSid(callSid)),
    element: body,
    leave() {
      leaving.abort();
      stream?.close();
    },
  };
}

function back() {
  return h('a.back', { href: link(['calls']) }, icon('back', 18), words.back);
}
