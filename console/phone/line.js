// One call, from the first ring to the last: webhooks, the documents they answer with, and the sessions between.
// It plays Twilio against the server the page came from. What happens is told as events; drawing is elsewhere.
//
// https://www.twilio.com/docs/voice/twiml#request-parameters

import { Relay } from './relay.js';
import { Player, VOICE_DELAY } from './player.js';
import * as twiml from './twiml.js';

/** While somebody speaks, words appear this often. */
const FRAME = 70;
/** Twilio asks the action a moment after it closed the socket. */
const SOCKET_CLOSED = 1000;
const CLOSING = 'Closing websocket session';
/** How long the server has to close the socket after us. */
const PATIENCE = 2000;

/** What a webhook or a socket did not do. `kind` names the words for it. */
export class LineError extends Error {
  constructor(kind, detail) {
    super(kind);
    this.kind = kind;
    this.detail = detail;
  }
}

/** 32 random hex digits behind a prefix. */
export function sid(prefix) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return prefix + Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export class Line extends EventTarget {
  /**
   * @param {{callSid: string, accountSid: string, ticket: string, form: Record<string, string>}} minted
   * @param {{rate?: number}} pace
   */
  constructor(minted, pace = {}, origin = location.origin) {
    super();
    this.minted = minted;
    this.pace = { delay: VOICE_DELAY, ...pace };
    this.origin = origin;
    this.state = 'idle';
    this.status = minted.form.CallStatus ?? 'ringing';
    this.began = null;
    this.ended = null;
    this.relay = null;
    /** Speech of our own between sessions. */
    this.announcer = null;
    this.driven = false;
    this.sessions = 0;
  }

  get callSid() {
    return this.minted.callSid;
  }

  /** Rings, and runs whatever is answered until nothing is left. */
  async dial() {
    this.began = Date.now();
    this.enter('dialling');
    try {
      await this.run(await this.ask('/voice/incoming', {}));
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      if (this.state !== 'over') this.tell('failed', { error });
      this.over('failed');
    }
  }

  // ---- what the caller does

  /** The caller makes a sound, or no longer. */
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
    this.act((relay, now) => relay.player.drive(driven, now));
  }

  /** The player of the session, for the voice that drives it. */
  driving(act) {
    this.act((relay, now) => act(relay.player, now));
  }

  hangUp() {
    if (this.state === 'over' || this.leaving) return;
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
    if (this.state === 'over' || this.state === 'idle') return;
    const { relay, noun } = this;
    this.status = 'completed';
    this.leaving = true;
    if (relay && noun?.action) {
      const seconds = Math.floor((performance.now() - relay.opened) / 1000);
      this.post(noun.action, { ...this.sessionFields(relay), SessionStatus: 'completed', SessionDuration: seconds }, true).catch(() => {});
    }
    this.post('/voice/status', { CallDuration: this.seconds() }, true).catch(() => {});
  }

  // ---- documents

  /** Runs a document verb by verb. An action's answer takes the place of what is left of it. */
  async run(document) {
    for (const verb of twiml.verbs(document)) {
      // What is answered to a caller who has gone is not run.
      if (this.state === 'over' || this.leaving) break;
      const next = await this.verb(verb);
      if (next === 'stop') return;
      if (next) {
        await this.run(next);
        return;
      }
    }
    this.over('document');
  }

  /** One verb. Answers the document that takes over, if one does. */
  verb(element) {
    switch (element.name) {
      case 'Connect': return this.connect(element);
      case 'Enqueue': return this.enqueue(element);
      case 'Dial': return this.dialPerson(element);
      case 'Say': return this.announce(element);
      case 'Record': return this.record(element);
      case 'Pause': return this.rest(Number(element.attributes.length ?? 1) * 1000);
      case 'Redirect': return this.ask(element.text.trim(), {});
      case 'Hangup': case 'Reject':
        this.over('server');
        return 'stop';
      default:
        this.tell('log', { entry: { kind: 'verb', label: element.name, body: twiml.written(element) } });
        return null;
    }
  }

  async connect(element) {
    const noun = twiml.session(element);
    if (!noun) throw new LineError('document');
    this.noun = noun;
    const ending = await this.talk(noun);
    const fields = { ...this.sessionFields(this.relay), SessionStatus: ending.status, SessionDuration: ending.seconds };
    if (ending.handoffData !== undefined && ending.handoffData !== null) fields.HandoffData = ending.handoffData;
    if (ending.error) Object.assign(fields, { ErrorCode: ending.error, ErrorMessage: ending.message });
    this.relay = null;
    if (!noun.action) {
      this.over('document');
      return 'stop';
    }
    if (!this.leaving) this.enter('moving');
    return this.ask(noun.action, fields);
  }

  sessionFields(relay) {
    return { SessionId: relay.session };
  }

  /** One session: from the socket's opening until it is over. */
  talk(noun) {
    this.enter('connecting');
    const url = twiml.localSocket(noun.url, this.origin);
    const socket = new WebSocket(url);
    const session = sid('VX');
    return new Promise((resolve, reject) => {
      let patience = null;
      const finish = () => {
        clearTimeout(this.timer);
        clearTimeout(patience);
        this.socket = null;
        resolve(this.relay.ending);
      };
      socket.onopen = () => {
        if (this.leaving) {
          socket.close(SOCKET_CLOSED, CLOSING);
          this.over('caller');
          return;
        }
        this.tell('log', { entry: { kind: 'socket', label: 'opened', body: url } });
        const now = performance.now();
        this.relay = new Relay(noun, this.setup(noun, session), now, this.pace);
        this.relay.session = session;
        this.socket = socket;
        this.sessions += 1;
        if (this.driven) this.relay.player.drive(true, now);
        this.status = 'in-progress';
        this.enter('listening');
        this.flush();
      };
      socket.onmessage = ({ data }) => {
        const { frame, fault } = this.relay.hear(data, performance.now());
        this.tell('log', { entry: { kind: 'frame', way: 'in', frame, body: data, fault } });
        this.flush();
      };
      socket.onclose = ({ code }) => {
        this.socket = null;
        if (!this.relay) return this.leaving ? undefined : reject(new LineError('socket'));
        this.tell('log', { entry: { kind: 'socket', label: 'closed', code } });
        this.relay.lost(code, performance.now());
        this.flush();
        return finish();
      };
      this.close = (code) => {
        socket.close(code === 1007 ? 4007 : SOCKET_CLOSED, CLOSING);
        // Who does not close is not waited for.
        patience = setTimeout(() => {
          socket.onclose = null;
          finish();
        }, PATIENCE);
      };
    });
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

  async enqueue(element) {
    const { action, ...task } = twiml.task(element);
    const [began, QueueSid] = [performance.now(), sid('QU')];
    this.enter('queued');
    this.tell('task', task);
    const result = await this.wait();
    const fields = { QueueSid, QueueTime: Math.floor((performance.now() - began) / 1000) };
    if (result.accepted) {
      this.enter('person');
      // Flex moves the call into a conference: the queue's action is asked at once, and decides nothing.
      if (action) await this.post(action, { ...fields, QueueResult: 'bridging-in-process' });
      this.released = !(await this.wait()).gone;
      this.over('document');
      return 'stop';
    }
    this.tell('left', { gone: Boolean(result.gone) });
    // The queue's document is asked even if the caller has gone, who does not hear what it answers.
    const next = action ? await this.ask(action, { ...fields, QueueResult: result.gone ? 'hangup' : 'leave' }) : null;
    if (result.gone) this.over('caller');
    return result.gone ? 'stop' : next;
  }

  async dialPerson(element) {
    const { action, seconds, ...call } = twiml.dial(element);
    this.enter('ringing');
    this.tell('ring', call);
    const result = await this.wait(seconds * 1000);
    const began = performance.now();
    const fields = { DialCallSid: sid('CA') };
    if (result.accepted) {
      this.enter('person');
      this.released = !(await this.wait()).gone;
      Object.assign(fields, {
        DialCallStatus: 'completed', DialBridged: 'true', DialCallDuration: Math.floor((performance.now() - began) / 1000),
      });
    } else {
      this.tell('left', { gone: Boolean(result.gone) });
      Object.assign(fields, { DialCallStatus: result.gone ? 'canceled' : 'no-answer', DialBridged: 'false' });
    }
    if (!this.leaving) this.enter('moving');
    const next = action ? await this.ask(action, fields) : null;
    if (this.leaving) this.over('caller');
    return this.leaving ? 'stop' : next;
  }

  /** <Say>: speech without a session. */
  async announce(element) {
    this.enter('announcing');
    const player = new Player(this.pace);
    const reply = { number: 0, text: element.text.trim(), heard: 0, shown: 0, closed: true, cut: false, line: true };
    this.tell('reply', { reply });
    player.speak({ token: reply.text, last: true, interruptible: false, reply: 0 }, performance.now());
    this.announcer = reply;
    for (;;) {
      const now = performance.now();
      for (const report of player.poll(now)) if (report.kind === 'played') reply.heard += report.text.length;
      reply.shown = Math.max(reply.heard, reply.heard + (player.progress(now)?.characters ?? 0));
      this.tell('shown', { reply });
      if (reply.heard >= reply.text.length) return null;
      const gone = await this.rest(FRAME);
      if (gone === 'stop') return gone;
    }
  }

  async record(element) {
    this.enter('recording');
    const longest = Number(element.attributes.maxLength ?? 3600) * 1000;
    const began = performance.now();
    this.tell('record', { longest });
    const result = await this.wait(longest);
    const seconds = Math.max(1, Math.round((performance.now() - began) / 1000));
    this.tell('recorded', { seconds });
    const RecordingSid = sid('RE');
    const { action } = element.attributes;
    const next = await this.ask(action ?? '/voice/incoming', {
      RecordingSid, RecordingDuration: seconds, Digits: result.gone ? 'hangup' : result.digit ?? '',
      RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${this.minted.accountSid}/Recordings/${RecordingSid}`,
    });
    if (result.gone) this.over('caller');
    return result.gone ? 'stop' : next;
  }

  /** Lets time pass; 'stop' if the caller hung up meanwhile. */
  async rest(ms) {
    const result = await this.wait(ms);
    if (!result.gone) return null;
    this.over('caller');
    return 'stop';
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

  // ---- webhooks

  /** Asks an address what to do, as Twilio asks it. */
  async ask(address, fields) {
    const { status, body, type } = await this.post(address, fields);
    if (status !== 200) throw new LineError('webhook', status);
    if (!/^(text|application)\/xml\b/u.test(type)) throw new LineError('document');
    try {
      const document = twiml.parse(body);
      twiml.verbs(document);
      return document;
    } catch {
      throw new LineError('document');
    }
  }

  async post(address, fields, keepalive = false) {
    const path = twiml.local(address, this.origin);
    const form = { ...this.minted.form, CallStatus: this.status, ...fields };
    const began = performance.now();
    const response = await fetch(path, {
      method: 'POST', keepalive, credentials: 'same-origin', redirect: 'error',
      headers: { 'x-warmline-phone': this.minted.ticket, 'i-twilio-idempotency-token': crypto.randomUUID() },
      body: new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
    }).catch(() => {
      throw new LineError('away');
    });
    const body = await response.text();
    const took = performance.now() - began;
    this.tell('log', { entry: { kind: 'webhook', path, status: response.status, took, fields: form, body } });
    return { status: response.status, type: response.headers.get('content-type') ?? '', body };
  }

  // ---- the clock

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
      this.tell('log', { entry: { kind: 'frame', way: 'out', frame, body } });
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
    switch (event.kind) {
      case 'speaking':
        this.enter(event.on ? 'speaking' : this.relay?.asked === null ? 'listening' : 'thinking');
        break;
      case 'ended':
        if (this.socket) this.close(event.ending.code);
        break;
      default:
        break;
    }
    this.tell(event.kind, event);
  }

  enter(state) {
    if (this.state === state || this.state === 'over') return;
    this.state = state;
    this.tell('state', { state });
  }

  seconds() {
    return Math.floor(((this.ended ?? Date.now()) - this.began) / 1000);
  }

  /** Nothing more happens: tells the status callback, as Twilio does. Who hung up is the reason before any other. */
  over(why) {
    if (this.state === 'over') return;
    const reason = this.leaving ? 'caller' : this.released ? 'person' : why;
    clearTimeout(this.timer);
    this.ended = Date.now();
    this.status = 'completed';
    this.enter('over');
    if (this.socket) this.socket.close(SOCKET_CLOSED, CLOSING);
    this.tell('over', { reason });
    this.post('/voice/status', { CallDuration: this.seconds(), Timestamp: new Date().toUTCString() }).catch(() => {});
  }

  tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
