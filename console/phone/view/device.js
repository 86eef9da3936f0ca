// The telephone itself: who is on the line, what is said, and what can be done.

import { h, replace, write } from '../../lib/dom.js';
import { link } from '../../lib/router.js';
import { Problem } from '../../lib/api.js';
import { field } from '../../parts/dialog.js';
import { icon } from '../../parts/icons.js';
import { toast } from '../../parts/notice.js';
import { lasting } from '../../parts/time.js';
import { text } from '../../text.js';
import { TALKING, handset } from '../handset.js';
import { Ears, Voice } from '../voice.js';
import { conversation } from './conversation.js';
import { keypad } from './keypad.js';

const words = text.phone;
const PLACEHOLDERS = { person: words.sayPerson, queued: words.sayWait, ringing: words.sayWait, recording: words.sayRecording };

/** @param {{leaving: AbortSignal, look: () => void}} context what ends the view, and what shows the desk */
export function device({ session, leaving, look }) {
  const body = h('div.device-body');
  const foot = h('div.device-foot');
  const orb = h('span.orb', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
  const name = h('p.device-name');
  const state = h('p.device-state');
  const card = h('section.device.card', { 'aria-label': words.card },
    h('header.device-head', orb, h('div', name, state)), body, foot);
  let shown = null;
  let talk = null;

  const draw = () => {
    const now = handset.state;
    const view = handset.line ? (now === 'over' ? 'over' : 'call') : 'idle';
    card.dataset.state = now;
    card.dataset.view = view;
    if (view !== shown || handset.line !== talk?.line) {
      shown = view;
      ({ idle, call, over })[view]();
    }
    head(now);
    talk?.state(now);
  };

  function head(now) {
    write(name, now === 'person' ? text.who.person : words.agent);
    replace(state, words.state[now] ?? now, handset.line && [' · ', handset.line.ended
      ? lasting(new Date(handset.line.began).toISOString(), new Date(handset.line.ended).toISOString())
      : lasting(new Date(handset.line.began).toISOString())]);
  }

  function idle() {
    talk = null;
    const failed = h('p.form-error', { role: 'alert' });
    const call = (spoken) => () => {
      write(failed, '');
      dial(spoken).catch((error) => write(failed, error.message));
    };
    const spoken = Ears.able && new Voice().engine;
    replace(body, h('div.idle',
      h('span.idle-orb', { 'aria-hidden': 'true' }, icon('phone', 34)),
      h('h2', words.idleTitle), h('p', words.idle),
      h('button.button.primary.big.call', { type: 'button', onclick: call(false) }, icon('phone', 20), words.call),
      spoken && h('button.button.call-voice', { type: 'button', title: words.voiceHint, onclick: call(true) }, icon('microphone', 18), words.callVoice),
      failed));
    replace(foot, options());
  }

  function call() {
    const list = conversation(leaving);
    const composer = compose(leaving);
    const pad = keypad();
    const controls = control(pad);
    const suggestions = suggest(session, composer.focus);
    // Where the desk is further down, somebody has to say that a call is waiting there.
    const jump = h('button.button.primary.jump', { type: 'button', onclick: look }, icon('down', 18), text.desk.jump);
    talk = {
      line: handset.line,
      state(now) {
        composer.state(now);
        controls.draw(now);
        const agentListens = TALKING.includes(now);
        suggestions.hidden = !agentListens;
        jump.hidden = now !== 'queued' && now !== 'ringing';
        if (!agentListens) pad.hide();
      },
    };
    replace(body, list.element, pad.element);
    replace(foot, suggestions, jump, composer.element, controls.element);
    composer.focus();
  }

  function over() {
    const { line } = handset;
    // Whoever opens the page after the call has not seen what was said.
    if (!body.querySelector('.talk')) replace(body, conversation(leaving).element);
    const answers = handset.entries.filter(({ kind, reply }) => kind === 'agent' && !reply.greeting && !reply.line).length;
    const again = h('button.button.primary', { type: 'button', onclick: () => dial(false).catch((error) => toast(error.message, 'bad')) }, icon('phone', 18), words.again);
    replace(foot, h('div.after', h('p', h('strong', words.reasons[handset.reason] ?? words.after), ' ',
      h('span.quiet', words.afterDetail(durationOf(line), answers))),
    h('div.buttons', again, h('a.button', { href: link(['calls', line.callSid]) }, words.afterLink))), options());
    talk = { line, state() {} };
    again.focus({ preventScroll: true });
  }

  for (const event of ['call', 'state', 'controls']) handset.addEventListener(event, draw, { signal: leaving });
  draw();
  return card;
}

/** Calls; throws with words for the reader if the server gives no call. */
async function dial(spoken) {
  try {
    await handset.call({ spoken });
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw new Error(`${words.failures.mint}: ${error.detail || error.title}`);
  }
}

function durationOf(line) {
  return lasting(new Date(line.began).toISOString(), new Date(line.ended).toISOString()).textContent;
}

function options() {
  const from = h('input', {
    type: 'tel', inputmode: 'tel', autocomplete: 'off', value: handset.options.from, placeholder: '+15550100001',
    onchange() {
      const number = from.value.replace(/[\s().-]/gu, '');
      const fits = !number || /^\+[1-9]\d{6,14}$/u.test(number);
      from.setAttribute('aria-invalid', String(!fits));
      write(wrong, fits ? '' : words.fromWrong);
      if (fits) handset.set('from', number);
    },
  });
  const wrong = h('p.form-error', { role: 'alert' });
  const pace = h('select', { onchange: () => handset.set('pace', pace.value) }, Object.entries(words.paces).map(([value, label]) =>
    h('option', { value, selected: handset.options.pace === value }, label)));
  const patient = h('input', { type: 'checkbox', checked: handset.options.patient, onchange: () => handset.set('patient', patient.checked) });
  return h('details.options', h('summary', words.options, icon('down', 16)), h('div',
    field({ label: words.from, hint: words.fromHint, control: from }), wrong,
    field({ label: words.pace, control: pace }), h('label.check', patient, words.patient)));
}

function suggest(session, focus) {
  const said = session.embeddedAgent ? words.examples.embedded : words.examples.other;
  return h('ul.suggestions', { 'aria-label': words.suggestions }, said.map((example) => h('li', h('button.suggestion', {
    type: 'button', dataset: { strong: example === words.emphasisedExample },
    onclick() {
      handset.say(example);
      focus();
    },
  }, example))));
}

function compose(leaving) {
  const input = h('input', {
    type: 'text', 'aria-label': words.say, autocomplete: 'off', enterkeyhint: 'send', maxlength: 1000,
    oninput: () => handset.typing(input.value.trim() !== ''),
  });
  const send = h('button.send', { type: 'submit', 'aria-label': words.send }, icon('send', 20));
  const element = h('form.composer', {
    onsubmit(event) {
      event.preventDefault();
      if (!input.value.trim() || input.readOnly) return;
      handset.say(input.value);
      input.value = '';
      input.focus();
    },
  }, input, send);
  handset.addEventListener('partial', ({ detail }) => {
    if (!input.value) input.placeholder = detail.words || words.listeningNow;
  }, { signal: leaving });
  return {
    element,
    focus: () => input.focus({ preventScroll: true }),
    state(now) {
      const open = TALKING.includes(now);
      input.readOnly = !open;
      send.disabled = !open;
      element.dataset.closed = String(!open);
      const may = handset.line?.relay?.player.playing();
      const uninterruptible = now === 'speaking' && (may === false || may === 'none' || may === 'dtmf');
      input.placeholder = PLACEHOLDERS[now] ?? (uninterruptible ? words.sayNot
        : now === 'speaking' ? words.sayWhile
          : handset.microphoneOn ? words.listeningNow : words.sayPlaceholder);
    },
  };
}

function control(pad) {
  const round = (kind, image, label, onclick, more = {}) => h(`button.round.${kind}`, { type: 'button', onclick, ...more },
    h('span', icon(image, 22)), label);
  const keys = round('keys', 'keypad', words.keypad, () => pad.toggle(), { 'aria-expanded': 'false', 'aria-controls': pad.element.id });
  const speaker = new Voice().engine && round('sound', 'speaker', words.speaker, () => handset.setSpeaker(!handset.speakerOn));
  const microphone = Ears.able && round('ears', 'microphone', words.microphone, () => handset.setMicrophone(!handset.microphoneOn));
  const hangUp = round('hang-up', 'hangUp', words.hangUp, () => handset.hangUp());
  pad.onchange = (open, hadFocus) => {
    keys.setAttribute('aria-expanded', String(open));
    if (hadFocus) keys.focus();
  };
  const end = round('end', 'voicemail', words.endRecording, () => handset.press('#'), { hidden: true });
  return {
    element: h('div.controls', { role: 'group', 'aria-label': words.card }, keys, end, speaker, microphone, hangUp),
    draw(now) {
      end.hidden = now !== 'recording';
      keys.hidden = now === 'recording';
      if (speaker) speaker.setAttribute('aria-pressed', String(handset.speakerOn));
      if (microphone) microphone.setAttribute('aria-pressed', String(handset.microphoneOn));
      keys.disabled = !TALKING.includes(now);
    },
  };
}
