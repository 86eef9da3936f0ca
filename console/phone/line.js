// One call, from the first ring to the last: what the caller does, what people do at the other end, and the
// sessions with the agent. It plays Twilio against the server the page came from: documents are run by verbs.js,
// requests made by webhooks.js, a session kept by relay.js. What happens is told as events; drawing is elsewhere.

import { VOICE_DELAY } from './player.js';
import { Relay } from './relay.js';
import * as twiml from './twiml.js';
import { run } from './verbs.js';
import { LineError, Webhooks, sid } from './webhooks.js';

/** While somebody speaks, words appear this often. */
const FRAME = 70;
/** How Twilio closes a socket. */
const CLOSED = 1000;
const CLOSING = 'Closing websocket session';
/** How long the server has to close the socket after us. */
const PATIENCE = 2000;

export class Line extends EventTarget {
  /**
   * @param {{callSid: string, accountSid: string, ticket: string, form: Record<string, string>}} minted
   * @param {{rate?: number}} pace
   */
  constructor(minted, pace = {}, origin = location.origin) {
    super();
    Object.assign(this, { minted, origin, pace: { delay: VOICE_DELAY, ...pace } });
    this.webhooks = new Webhooks(minted, origin, (entry) => this.log(entry));
    this.state = 'idle';
    this.status = minted.form.CallStatus ?? 'ringing';
    this.began = null;
    this.ended = null;
    this.relay = null;
    this.driven = false;
    this.sessions = 0;
    /** The caller is hanging up; the person has. */
    this.leaving = false;
    this.released = false;
  }

  get callSid() {
    return this.minted.callSid;
  }

  get isOver() {
    return this.state === 'over';
  }

  /** Rings, and runs whatever is answered until nothing is left. */
  async dial() {
    this.began = Date.now();
    this.enter('dialling');
    try {
      await run(this, await this.ask('/voice/incoming', {}));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      if (!this.isOver) this.tell('failed', { error });
      this.over('failed');
    }
  }

  // ---- what the caller does

  /** The caller makes a sound, or no longer. True if that cut the agent off. */
  voice(on) {
    return this.act((relay, now) => relay.voice(on, now)) ?? false;
  }

  partial(words) {
    return this.act((relay, now) => relay.partial(words, now)) ?? false;
  }

  /** False if the words were not reported. */
  say(words) {
    const reported = this.act((relay, now) => relay.say(words, now)) ?? false;
    if (reported) this.enter('thinking');
    return reported;
  }

  press(key) {
    if (this.state === 'recording' && key === '#') return this.endRecording('#');
    return this.act((relay, now) => relay.press(key, now)) ?? false;
  }

  noise() {
    this.act((relay, now) => relay.noise(now));
  }

  /** A real voice speaks from now on, or no longer. */
  drive(driven) {
    this.driven = driven;
    this.driving((player, now) => player.drive(driven, now));
  }

  /** The player of the session, for the voice that drives it. */
  driving(act) {
    this.act((relay, now) => act(relay.player, now));
  }

  hangUp() {
    if (this.isOver || this.leaving) return;
    this.status = 'completed';
    this.leaving = true;
    if (this.relay && !this.relay.ending) {
      this.relay.hangUp(performance.now());
      this.flush();
    } else if (this.waiting) this.waiting({ gone: true });
    else this.over('caller');
  }

  // ---- what people do at the other end

  /** A person takes the call that waits or rings. */
  accept() {
    this.waiting?.({ accepted: true });
  }

  /** Nobody takes it. */
  decline() {
    this.waiting?.({ declined: true });
  }

  /** The person hangs up. */
  release() {
    if (this.state === 'person') this.waiting?.({ released: true });
  }

  endRecording(digit = '') {
    if (this.state !== 'recording') return false;
    this.waiting?.({ recorded: true, digit });
    return true;
  }

  /** The page goes away: Twilio would say that the caller hung up. */
  abandon() {
    if (this.isOver || this.state === 'idle') return;
    const { relay } = this;
    this.status = 'completed';
    this.leaving = true;
    const last = (address, fields) => this.post(address, fields, { keepalive: true }).catch(() => {});
    if (relay?.noun.action) {
      const SessionDuration = Math.floor((performance.now() - relay.opened) / 1000);
      last(relay.noun.action, { SessionId: relay.session, SessionStatus: 'completed', SessionDuration });
    }
    last('/voice/status', { CallDuration: this.seconds() });
  }

  // ---- a session

  /** Opens a session and answers how it ended. */
  talk(noun) {
    this.enter('connecting');
    const url = twiml.localSocket(noun.url, this.origin);
    const socket = new WebSocket(url);
    const session = sid('VX');
    return new Promise((resolve, reject) => {
      let patience = null;
      const finish = () => {
        const { ending } = this.relay;
        clearTimeout(this.timer);
        clearTimeout(patience);
        this.socket = null;
        this.relay = null;
        resolve({ ...ending, session });
      };
      socket.onopen = () => {
        if (this.leaving) {
          socket.close(CLOSED, CLOSING);
          this.over('caller');
        } else this.opened(noun, socket, session, url);
      };
      socket.onmessage = ({ data }) => {
        const { frame, fault } = this.relay.hear(data, performance.now());
        this.log({ kind: 'frame', way: 'in', frame, body: data, fault });
        this.flush();
      };
      socket.onclose = ({ code }) => {
        this.socket = null;
        if (!this.relay) {
          if (!this.leaving) reject(new LineError('socket'));
          return;
        }
        this.log({ kind: 'socket', label: 'closed', code });
        this.relay.lost(code, performance.now());
        this.flush();
        finish();
      };
      this.close = (code) => {
        // A page may not close with the code that Twilio has for this.
        socket.close(code === 1007 ? 4007 : CLOSED, CLOSING);
        // Who does not close is not waited for.
        patience = setTimeout(() => {
          socket.onclose = null;
          socket.onmessage = null;
          finish();
        }, PATIENCE);
      };
    });
  }

  opened(noun, socket, session, url) {
    const now = performance.now();
    this.log({ kind: 'socket', label: 'opened', body: url });
    this.noun = noun;
    this.relay = new Relay(noun, this.setup(noun, session), now, this.pace);
    this.relay.session = session;
    this.socket = socket;
    this.sessions += 1;
    if (this.driven) this.relay.player.drive(true, now);
    this.status = 'in-progress';
    this.enter('listening');
    this.flush();
  }

  setup(noun, sessionId) {
    const { form, accountSid, callSid } = this.minted;
    return {
      type: 'setup', sessionId, accountSid, parentCallSid: '', callSid, from: form.From, to: form.To,
      forwardedFrom: form.ForwardedFrom ?? '', callType: 'PSTN', callerName: form.CallerName ?? '',
      direction: form.Direction ?? 'inbound', callStatus: this.status.toUpperCase().replaceAll('-', '_'),
      customParameters: noun.parameters,
    };
  }

  act(act) {
    if (!this.relay || this.relay.ending) return undefined;
    const result = act(this.relay, performance.now());
    this.flush();
    return result;
  }

  /** Sends what the session wants to send, tells what happened, and wakes up when something is due. */
  flush() {
    clearTimeout(this.timer);
    const { relay } = this;
    if (!relay) return;
    relay.tick(performance.now());
    const { frames, events } = relay.take();
    for (const frame of frames) {
      if (this.socket?.readyState !== WebSocket.OPEN) break;
      const body = JSON.stringify(frame);
      this.socket.send(body);
      this.log({ kind: 'frame', way: 'out', frame, body });
    }
    for (const event of events) this.happened(event);
    if (relay.ending) return;
    const due = relay.next();
    if (due !== null || relay.player.current) {
      const wait = Math.min(FRAME, due === null ? FRAME : due - performance.now());
      this.timer = setTimeout(() => this.flush(), Math.max(4, wait));
    }
  }

  happened(event) {
    if (event.kind === 'speaking') this.enter(event.on ? 'speaking' : this.relay?.asked === null ? 'listening' : 'thinking');
    if (event.kind === 'ended' && this.socket) this.close(event.ending.code);
    this.tell(event.kind, event);
  }

  // ---- what verbs need

  ask(address, fields) {
    return this.webhooks.ask(address, { CallStatus: this.status, ...fields });
  }

  post(address, fields, options) {
    return this.webhooks.post(address, { CallStatus: this.status, ...fields }, options);
  }

  /** Waits for what somebody does, or for the time. */
  wait(ms) {
    return new Promise((resolve) => {
      const timer = ms === undefined ? null : setTimeout(() => settle({ late: true }), ms);
      const settle = (result) => {
        clearTimeout(timer);
        this.waiting = null;
        resolve(result);
      };
      this.waiting = settle;
      if (this.leaving) settle({ gone: true });
    });
  }

  enter(state) {
    if (this.state === state || this.isOver) return;
    this.state = state;
    this.tell('state', { state });
  }

  seconds() {
    return Math.floor(((this.ended ?? Date.now()) - this.began) / 1000);
  }

  /** Nothing more happens: tells the status callback, as Twilio does. Who hung up is the reason before any other. */
  over(why) {
    if (this.isOver) return;
    const reason = this.leaving ? 'caller' : this.released ? 'person' : why;
    clearTimeout(this.timer);
    this.ended = Date.now();
    this.status = 'completed';
    this.enter('over');
    this.socket?.close(CLOSED, CLOSING);
    this.tell('over', { reason });
    this.post('/voice/status', { CallDuration: this.seconds(), Timestamp: new Date().toUTCString() }).catch(() => {});
  }

  log(entry) {
    this.tell('log', { entry });
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
