// The telephone of this page: one call at a time, which goes on while other pages are looked at.
// It keeps what can be seen of the call; the views draw it.

import { post } from '../lib/api.js';
import { keep, recall } from '../lib/memory.js';
import { text } from '../text.js';
import { Line } from './line.js';
import { RATE } from './player.js';
import { Tones } from './tones.js';
import { Ears, Voice, isEcho } from './voice.js';

const words = text.phone;
/** Who types is not silent: so often the line has a sound. */
const NOISE_EVERY = 6000;
const LONGEST_LOG = 600;
/** In these states the agent can hear. */
export const TALKING = ['listening', 'thinking', 'speaking'];
const STEPS = ['call', 'ask', 'interrupt', 'person', 'accept'];
/** A request for a person, as the newcomer's guide sees it. What counts is decided by the server. */
const PERSON = /\b(person|human|agent|somebody|someone|representative|operator)\b/iu;

class Handset extends EventTarget {
  line = null;

  entries = [];

  log = [];

  dropped = 0;

  desk = { state: 'empty' };

  guide = new Set(recall('guide', []));

  options = { from: '', pace: 'natural', patient: true, ...recall('phone', {}) };

  tones = new Tones();

  voice = new Voice();

  speakerOn = false;

  microphoneOn = false;

  constructor() {
    super();
    this.ears = new Ears({
      partial: (heard) => this.heard(heard, false),
      final: (heard) => this.heard(heard, true),
      failed: (why) => {
        this.microphoneOn = false;
        this.note(words.failures[why], 'bad');
        this.tell('controls');
      },
    });
    addEventListener('pagehide', () => this.line?.abandon());
  }

  get state() {
    return this.line?.state ?? 'idle';
  }

  get isBusy() {
    return this.line !== null && this.state !== 'over';
  }

  set(option, value) {
    this.options[option] = value;
    keep('phone', this.options);
  }

  // ---- a call

  async call({ spoken = false } = {}) {
    if (this.isBusy || this.minting) return;
    this.minting = true;
    try {
      await this.begin(await post('/phone', this.options.from ? { from: this.options.from } : {}), spoken);
    } finally {
      this.minting = false;
    }
  }

  begin(minted, spoken) {
    Object.assign(this, { entries: [], log: [], dropped: 0, desk: { state: 'empty' }, left: null });
    const rate = this.options.pace === 'quick' ? RATE * 2 : RATE;
    const line = new Line(minted, { rate });
    this.line = line;
    for (const name of ['state', 'reply', 'words', 'shown', 'cut', 'clause', 'interrupted', 'language', 'played', 'fault',
      'task', 'ring', 'left', 'record', 'recorded', 'over', 'failed', 'log', 'preempted', 'ended']) {
      line.addEventListener(name, ({ detail }) => this[`on${name}`]?.(detail));
    }
    this.setSpeaker(spoken || this.speakerOn);
    this.setMicrophone(spoken);
    this.noise = setInterval(() => this.stir(), NOISE_EVERY);
    this.step('call');
    this.tell('call');
    line.dial();
  }

  hangUp() {
    this.line?.hangUp();
  }

  // ---- the caller

  /** Something is being typed. Over the agent it cuts in. */
  typing(on) {
    if (this.line?.voice(on)) this.cutIn();
  }

  say(said) {
    const utterance = said.trim();
    if (!utterance || !this.line) return;
    const before = this.state;
    if (this.line.voice(true)) this.cutIn();
    const reported = this.line.say(utterance);
    this.add({ kind: 'caller', words: utterance, note: reported ? null : words.notReported });
    if (reported && before !== 'idle') this.step(PERSON.test(utterance) ? 'person' : 'ask');
  }

  press(key) {
    if (!this.line) return;
    this.tones.key(key);
    const playing = this.state === 'speaking';
    const reported = this.line.press(key);
    const last = this.entries.at(-1);
    if (last?.kind === 'key' && last.reported === reported) {
      last.words += key;
      this.changed(last);
    } else this.add({ kind: 'key', words: key, reported, note: reported ? null : words.keysOff });
    if (reported && playing) this.step('interrupt');
    if (key === '0' && reported) this.step('person');
  }

  heard(utterance, final) {
    if (!TALKING.includes(this.state) || isEcho(utterance, this.spokenLately())) return;
    if (!final) {
      if (this.line.partial(utterance)) this.cutIn();
      this.tell('partial', { words: utterance });
      return;
    }
    this.tell('partial', { words: '' });
    this.say(utterance);
  }

  /** What the loudspeaker has said last. */
  spokenLately() {
    if (!this.speakerOn || !this.voice.able) return '';
    return this.entries.filter(({ kind }) => kind === 'agent').slice(-2)
      .map(({ reply }) => reply.text.slice(0, reply.shown)).join(' ');
  }

  cutIn() {
    this.step('interrupt');
  }

  stir() {
    if (this.options.patient && !this.microphoneOn) this.line?.noise();
  }

  setSpeaker(on) {
    this.speakerOn = on;
    this.tones.on = on;
    const able = on && this.voice.able;
    if (on && !this.voice.able && this.isBusy) this.voice.onable(() => this.setSpeaker(this.speakerOn));
    if (!able) this.voice.stop();
    this.line?.drive(able);
    this.tell('controls');
  }

  setMicrophone(on) {
    this.microphoneOn = on && Ears.able;
    if (this.microphoneOn) this.ears.start(this.line?.relay?.hearing ?? this.line?.noun?.language ?? 'en-US');
    else this.ears.stop();
    this.tell('controls');
  }

  // ---- the line

  onstate({ state }) {
    if (state === 'connecting' && this.line.sessions > 0) this.note(words.reconnecting, 'warn');
    // Why it is over comes with `over`.
    if (state !== 'over') this.tell('state');
  }

  onreply({ reply }) {
    this.add({ kind: 'agent', reply });
  }

  onwords({ reply }) {
    this.changed(this.of(reply));
  }

  onshown({ reply }) {
    this.changed(this.of(reply));
  }

  oncut({ reply }) {
    this.changed(this.of(reply));
  }

  onclause({ item }) {
    if (item.kind === 'play') this.note(words.recordingPlays(item.source));
    if (item.kind !== 'text' || !this.line.driven) return;
    const drive = (act) => (value) => this.line.driving((player, now) => act(player, now, value));
    this.voice.speak(item.text, item.lang ?? 'en-US', {
      begun: drive((player, now) => player.begun(now)),
      reached: drive((player, now, place) => player.reached(place)),
      ended: drive((player, now) => player.ended(now)),
      failed: () => {
        this.note(words.failures.silent, 'warn');
        this.speakerOn = false;
        this.line.drive(false);
        this.tell('controls');
      },
    });
  }

  oninterrupted() {
    this.voice.stop();
  }

  onpreempted() {
    this.voice.stop();
  }

  onended() {
    this.voice.stop();
  }

  onplayed({ digits, text: pressed }) {
    if (digits) this.note(words.pressedFor(pressed));
  }

  onlanguage({ speech, hearing }) {
    this.note(words.language(speech));
    this.ears.hear(hearing);
  }

  onfault() {
    this.note(words.fault, 'warn');
  }

  ontask(task) {
    this.step('person');
    this.atDesk({ state: 'waiting', task, since: Date.now() });
    this.quiet = this.tones.ring();
  }

  onring(dial) {
    this.step('person');
    this.atDesk({ state: 'ringing', dial, since: Date.now(), task: this.desk.task ?? null });
    this.quiet = this.tones.ring();
  }

  onleft({ gone }) {
    this.hush();
    this.atDesk({ ...this.desk, state: gone ? 'left' : 'passed' });
  }

  onrecord() {
    this.tones.beep();
    this.atDesk({ ...this.desk, state: 'recording', since: Date.now() });
  }

  onrecorded({ seconds }) {
    this.note(text.desk.recorded(seconds));
    this.atDesk({ ...this.desk, state: 'recorded', seconds });
  }

  onfailed({ error }) {
    const failure = words.failures[error.kind];
    this.note(typeof failure === 'function' ? failure(error.detail) : failure, 'bad');
  }

  onover({ reason }) {
    this.reason = reason;
    clearInterval(this.noise);
    this.hush();
    this.voice.stop();
    this.setMicrophone(false);
    if (this.desk.state === 'connected') this.atDesk({ ...this.desk, state: 'over' });
    else if (['waiting', 'ringing'].includes(this.desk.state)) this.atDesk({ ...this.desk, state: 'left' });
    this.tell('state');
  }

  onlog({ entry }) {
    this.log.push({ ...entry, at: performance.now(), number: this.log.length + this.dropped });
    if (this.log.length > LONGEST_LOG) {
      this.log.shift();
      this.dropped += 1;
    }
    this.tell('log');
  }

  // ---- the desk

  accept() {
    this.hush();
    this.step('accept');
    this.atDesk({ ...this.desk, state: 'connected', since: Date.now() });
    this.line?.accept();
  }

  decline() {
    this.hush();
    this.line?.decline();
  }

  release() {
    this.line?.release();
  }

  atDesk(desk) {
    this.desk = desk;
    this.tell('desk');
  }

  hush() {
    this.quiet?.();
    this.quiet = null;
  }

  // ---- what can be seen

  /** A step of the newcomer's guide was made. */
  step(name) {
    if (this.guide.has(name) || !STEPS.includes(name)) return;
    this.guide.add(name);
    keep('guide', [...this.guide]);
    this.tell('guide');
  }

  note(said, tone = 'plain') {
    this.add({ kind: 'note', words: said, tone });
  }

  add(entry) {
    this.entries.push({ ...entry, key: this.entries.length, at: Date.now() });
    this.tell('entries', { entry: this.entries.at(-1) });
  }

  changed(entry) {
    if (entry) this.tell('entry', { entry });
  }

  of(reply) {
    return this.entries.findLast((entry) => entry.reply === reply);
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

export const handset = new Handset();
export { STEPS };
