// One ConversationRelay session, seen from Twilio's end: frames and the time go in, frames and events come out.
// There is no socket and no clock in here; `line.js` has both.

import { fault, read } from './frame.js';
import { Player, VOICE_DELAY, allows } from './player.js';

/** So many bad messages in a row end the session. */
const TOO_MANY_FAULTS = 10;

export class Relay {
  /**
   * @param {object} noun what the <ConversationRelay> asked for
   * @param {object} setup the first frame
   */
  constructor(noun, setup, now, pace = { delay: VOICE_DELAY }) {
    this.noun = noun;
    this.player = new Player(pace);
    /** Language of what is spoken, and of what is recognised. */
    this.speech = noun.speech;
    this.hearing = noun.language;
    /** Every reply: {number, text, heard, shown, closed, cut, greeting, at, first}. */
    this.replies = [];
    this.ending = null;
    this.callerSpeaks = false;
    this.faults = 0;
    this.asked = null;
    this.outbox = [setup];
    this.events = [];
    this.opened = now;
    if (noun.greeting) this.greet(now);
  }

  /** Takes what is to be sent and what happened since the last time. */
  take() {
    const taken = { frames: this.outbox, events: this.events };
    this.outbox = [];
    this.events = [];
    return taken;
  }

  /** When `tick` has something to do. */
  next() {
    return this.ending ? null : this.player.next();
  }

  /** Lets time pass. */
  tick(now) {
    if (this.ending) return;
    for (const report of this.player.poll(now)) this.reported(report);
    const progress = this.player.progress(now);
    const reply = progress && this.replies[progress.reply];
    if (!reply) return;
    const shown = Math.max(reply.shown, reply.heard + progress.characters);
    if (shown !== reply.shown) this.event({ kind: 'shown', reply: Object.assign(reply, { shown }) });
  }

  /** A message of the server. Returns it as an object, with the fault it has. */
  hear(message, now) {
    const frame = read(message);
    const wrong = fault(frame);
    this.tick(now);
    if (this.ending) return { frame, fault: wrong };
    if (wrong) this.refuse(message, now);
    else {
      this.faults = 0;
      this.obey(frame, now);
      this.tick(now);
    }
    return { frame, fault: wrong };
  }

  /** The caller's voice is heard, or no longer. Over the agent it cuts in, where that is allowed. */
  voice(on, now) {
    this.tick(now);
    if (this.ending) return false;
    if (on !== this.callerSpeaks && this.noun.speakerEvents) this.info('clientSpeaking', on ? 'on' : 'off');
    this.callerSpeaks = on;
    // Also when the agent began to talk over the caller.
    const cut = on && this.player.interrupt('speech', now);
    this.tick(now);
    return cut;
  }

  /** A noise that is no speech: somebody is still there. It cuts nothing off. */
  noise(now) {
    this.tick(now);
    if (this.ending || this.callerSpeaks || this.player.playing() !== null || !this.noun.speakerEvents) return;
    this.info('clientSpeaking', 'on');
    this.info('clientSpeaking', 'off');
  }

  /** The utterance so far. */
  partial(words, now) {
    const cut = this.voice(true, now);
    if (!this.ending && this.noun.partialPrompts && this.reportsSpeech()) this.prompt(words, false);
    return cut;
  }

  /** The caller has said something. False if it is not reported, because the agent may not be interrupted. */
  say(words, now) {
    this.voice(true, now);
    if (this.ending) return false;
    const reported = this.reportsSpeech();
    this.voice(false, now);
    if (reported) {
      this.prompt(words, true);
      this.asked = now;
    }
    return reported;
  }

  /** The caller presses a key. False if it is not reported. */
  press(key, now) {
    this.tick(now);
    if (this.ending || !this.noun.keys) return false;
    const playing = this.player.playing();
    const cuts = playing !== null && allows(playing, 'key');
    if (playing !== null && !cuts && !allows(this.noun.reportedMeanwhile, 'key')) return false;
    this.outbox.push({ type: 'dtmf', digit: key });
    this.asked = now;
    if (cuts) this.player.interrupt('key', now);
    this.tick(now);
    return true;
  }

  /** The caller hangs up. */
  hangUp(now) {
    this.tick(now);
    this.end({ status: 'completed' }, now);
  }

  /** The socket is gone. */
  lost(code, now) {
    this.tick(now);
    this.end({ status: 'failed', error: 64105, message: 'Websocket ended', code }, now);
  }

  reportsSpeech() {
    return this.player.playing() === null || allows(this.noun.reportedMeanwhile, 'speech');
  }

  prompt(words, last) {
    this.outbox.push({ type: 'prompt', voicePrompt: words, lang: this.hearing, last });
  }

  greet(now) {
    const reply = this.begin(now, true);
    Object.assign(reply, { text: this.noun.greeting, closed: true });
    this.player.speak({
      token: reply.text, last: true, interruptible: this.noun.greetingInterruptible, reply: reply.number,
      lang: this.speech,
    }, now);
    this.tick(now);
  }

  begin(now, greeting = false) {
    const first = this.asked === null || greeting ? null : now - this.asked;
    this.asked = null;
    const number = this.replies.length;
    const reply = { number, text: '', heard: 0, shown: 0, closed: false, cut: false, greeting, at: now, first };
    this.replies.push(reply);
    this.event({ kind: 'reply', reply });
    return reply;
  }

  obey(frame, now) {
    switch (frame.type) {
      case 'text': return this.text(frame, now);
      case 'play': {
        const { source, loop: times = 1, interruptible = this.noun.interruptible, preemptible } = frame;
        return this.player.play({ source, times, interruptible, preemptible: preemptible ?? false }, now);
      }
      case 'sendDigits': return this.player.press(frame.digits, now);
      case 'language':
        this.speech = frame.ttsLanguage ?? this.speech;
        this.hearing = frame.transcriptionLanguage ?? this.hearing;
        return this.event({ kind: 'language', speech: this.speech, hearing: this.hearing });
      case 'end': return this.end({ status: 'ended', handoffData: frame.handoffData ?? null }, now);
      default: return undefined;
    }
  }

  text(frame, now) {
    let reply = this.replies.at(-1);
    // What still comes of a reply that was cut is spoken, after a gap: for the reader it is another one.
    if (!reply || reply.closed || (reply.cut && frame.token)) {
      // A closer without a reply is none.
      if (!frame.token) return;
      if (reply) reply.closed = true;
      reply = this.begin(now);
    }
    reply.text += frame.token;
    reply.closed = frame.last ?? false;
    this.event({ kind: 'words', reply });
    this.player.speak({
      token: frame.token,
      last: reply.closed,
      interruptible: frame.interruptible ?? this.noun.interruptible,
      preemptible: frame.preemptible ?? this.noun.preemptible,
      reply: reply.number,
      lang: frame.lang ?? this.speech,
    }, now);
  }

  reported(report) {
    const reply = report.reply === undefined || report.reply === null ? null : this.replies[report.reply];
    switch (report.kind) {
      case 'speaking':
        if (this.noun.speakerEvents) this.info('agentSpeaking', report.on ? 'on' : 'off');
        break;
      case 'played':
        if (this.noun.tokensPlayed) this.info('tokensPlayed', report.text);
        if (reply) {
          reply.heard += report.text.length;
          reply.shown = Math.max(reply.shown, reply.heard);
          this.event({ kind: 'shown', reply });
        }
        break;
      case 'interrupted':
        this.outbox.push({
          type: 'interrupt', utteranceUntilInterrupt: report.heard, durationUntilInterruptMs: report.after,
        });
        this.cut();
        break;
      case 'preempted':
        if (reply) this.cut([reply]);
        break;
      default:
        break;
    }
    this.event(report);
  }

  // What was sent and not heard never will be.
  cut(replies = this.replies) {
    for (const reply of replies.filter((one) => one.heard < one.text.length && !one.cut)) {
      Object.assign(reply, { cut: true, shown: reply.heard });
      this.event({ kind: 'cut', reply });
    }
  }

  refuse(message, now) {
    this.outbox.push({ type: 'error', description: `Invalid message received, code: 64107, ${message}` });
    this.event({ kind: 'fault', message });
    this.faults += 1;
    if (this.faults === TOO_MANY_FAULTS) {
      this.end({ status: 'failed', error: 64105, message: 'Websocket ended', code: 1007 }, now);
    }
  }

  end(ending, now) {
    if (this.ending) return;
    this.ending = { ...ending, seconds: Math.floor((now - this.opened) / 1000) };
    this.player.silence();
    this.cut();
    this.event({ kind: 'ended', ending: this.ending });
  }

  info(name, value) {
    this.outbox.push({ type: 'info', name, value });
  }

  event(what) {
    this.events.push(what);
  }
}
