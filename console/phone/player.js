// How Twilio plays what it is sent: a model of speech that is handed the time (milliseconds).
//
// Text is cut into clauses, each clause takes time to speak, and each is reported when it was heard. The facts
// are those of recorded calls, as in src/caller/player.rs: reports keep leading spaces, so that they concatenate
// to the text; the last one and the end of speaking fall on the same moment; an interrupt reports the fragment
// of the clause that was playing and drops everything behind it.
//
// https://www.twilio.com/docs/voice/conversationrelay/websocket-messages

/** Unhurried English speech, in characters per second. */
export const RATE = 15;
/** From the first words to the first sound, as recorded calls have it. */
export const VOICE_DELAY = 320;
/** How long a recording is taken to last: no event tells. */
const RECORDING = 4000;

/** Where the first clause of `text` ends: after a stop that a space or nothing follows. 0 if it has no end yet. */
export function clauseEnd(text) {
  const end = /[。！？、，]|[,.!?;:](?=\s|$)/u.exec(text);
  return end ? end.index + end[0].length : 0;
}

/** The words of `text` that are over after so many of its characters. */
export function wordsOver(text, characters) {
  if (characters >= text.length) return text;
  const begun = text.slice(0, Math.max(0, characters));
  if (/\s/u.test(text[begun.length])) return begun;
  return begun.slice(0, begun.search(/\s\S*$/u) < 0 ? 0 : begun.search(/\s\S*$/u));
}

/** How many characters a reader may see by now: the word that is being spoken is seen whole. */
export function wordsBegun(text, characters) {
  if (characters >= text.length) return text.length;
  const rest = text.slice(characters).search(/\S(?=\s)|\S$/u);
  return rest < 0 ? text.length : characters + rest + 1;
}

/** Whether an attribute or a flag lets `by` ("speech" or "key") through. */
export function allows(interruptible, by) {
  switch (interruptible) {
    case true: case 'any': case 'true': return true;
    case 'speech': return by === 'speech';
    case 'dtmf': return by === 'key';
    default: return false;
  }
}

/** The loudspeaker of one session. */
export class Player {
  /** @param {{rate?: number, delay?: number}} pace */
  constructor({ rate = RATE, delay = 0 } = {}) {
    this.rate = rate;
    this.delay = delay;
    /** Somebody else tells when a clause begins and ends: a real voice. */
    this.driven = false;
    this.speaking = false;
    this.loose = null;
    this.queue = [];
    this.current = null;
    this.reports = [];
  }

  /** Queues a piece of a reply. */
  speak({ token, last = false, interruptible = true, preemptible = false, reply, lang }, now) {
    this.advance(now);
    if (token && !preemptible) this.preempt(reply, now);
    if (this.loose && (this.loose.reply !== reply || this.loose.interruptible !== interruptible)) {
      this.queue.push(this.loose);
      this.loose = null;
    }
    let text = (this.loose?.text ?? '') + token;
    this.loose = null;
    const clause = (words) => ({ kind: 'text', text: words, interruptible, preemptible, reply, lang });
    for (let end = clauseEnd(text); end > 0; end = clauseEnd(text)) {
      this.queue.push(clause(text.slice(0, end)));
      text = text.slice(end);
    }
    if (text && last) this.queue.push(clause(text));
    else if (text) this.loose = clause(text);
    this.advance(now);
  }

  /** Queues keys behind the speech. They are reported like words. */
  press(digits, now) {
    this.advance(now);
    this.queue.push({ kind: 'digits', text: digits, interruptible: true, preemptible: false, reply: null });
    this.advance(now);
  }

  /** Queues a recording. */
  play({ source, times = 1, interruptible = true, preemptible = false }, now) {
    this.advance(now);
    if (!preemptible) this.preempt(null, now);
    const ms = RECORDING * (times === 0 ? 1000 : times);
    this.queue.push({ kind: 'play', text: '', source, ms, interruptible, preemptible, reply: null });
    this.advance(now);
  }

  /** What happened until now and was not reported yet, in order. */
  poll(now) {
    this.advance(now);
    const happened = this.reports.filter((report) => report.at <= now);
    this.reports = this.reports.filter((report) => report.at > now);
    return happened;
  }

  /** When `poll` has something to report, if nothing else happens before; null if never. */
  next() {
    const times = this.reports.map((report) => report.at);
    if (this.current && !this.voiced()) times.push(this.current.since + this.time(this.current.item));
    return times.length ? Math.min(...times) : null;
  }

  /** What may cut off what is being played; null in silence. */
  playing() {
    return this.current ? this.current.item.interruptible : null;
  }

  /** How far the clause being played has come: its reply, and how many of its characters can be seen. */
  progress(now) {
    if (!this.current || this.current.item.kind !== 'text') return null;
    const { item } = this.current;
    const begun = this.current.since <= now;
    return { reply: item.reply, characters: begun ? wordsBegun(item.text, this.over(now)) : 0 };
  }

  /** The caller cuts in. False, and nothing changes, in silence and over what may not be cut. */
  interrupt(by, now) {
    this.advance(now);
    if (!this.current || !allows(this.current.item.interruptible, by)) return false;
    const { item, since } = this.current;
    const after = Math.max(0, Math.round(now - Math.min(since, now)));
    const heard = wordsOver(item.text, this.over(now));
    this.stop();
    if (heard) this.report({ kind: 'played', reply: item.reply, text: heard }, now);
    this.report({ kind: 'interrupted', heard: heard.trim(), after }, now);
    this.silent(now);
    return true;
  }

  /** The line goes dead: nothing more is heard or reported. */
  silence() {
    this.stop();
    this.reports = [];
    this.speaking = false;
  }

  /** A real voice speaks from now on (or no longer): it says when clauses begin and end. */
  drive(driven, now) {
    this.advance(now);
    if (this.driven && !driven && this.current) {
      // Go on where the voice stopped.
      const spoken = this.current.item.kind === 'text' ? this.over(now) / this.rate * 1000 : 0;
      if (this.current.since > now) this.begun(now);
      this.current.since = now - spoken;
    }
    this.driven = driven;
    if (this.current) this.current.mark = null;
    this.advance(now);
  }

  /** The voice began the clause. */
  begun(now) {
    if (!this.current || this.current.since <= now) return;
    this.current.since = now;
    this.sound(now);
  }

  /** The voice begins the word at this place of the clause. */
  reached(place) {
    if (this.current) this.current.mark = place;
  }

  /** The voice has ended the clause. */
  ended(now) {
    if (!this.current) return;
    if (this.current.since > now) this.begun(now);
    this.finish(now);
    this.advance(now);
  }

  // How many characters of the clause are over.
  over(now) {
    const { item, since, mark } = this.current;
    if (since > now || item.kind !== 'text') return 0;
    if (this.driven && mark !== null) return mark;
    return Math.min(item.text.length, Math.floor(((now - since) / 1000) * this.rate));
  }

  time(item) {
    return item.kind === 'play' ? item.ms : (item.text.length / this.rate) * 1000;
  }

  // What may be cut by later words is cut by words of another reply.
  preempt(reply, now) {
    const gone = (item) => item.preemptible && (item.reply === null || item.reply !== reply);
    this.queue = this.queue.filter((item) => !gone(item));
    if (this.loose && gone(this.loose)) this.loose = null;
    if (!this.current || !gone(this.current.item)) return;
    const { item } = this.current;
    const heard = wordsOver(item.text, this.over(now));
    this.current = null;
    if (heard) this.report({ kind: 'played', reply: item.reply, text: heard }, now);
    this.report({ kind: 'preempted', reply: item.reply }, now);
    this.silent(now);
  }

  advance(now) {
    this.begin(now);
    while (this.current && !this.voiced()) {
      const end = this.current.since + this.time(this.current.item);
      if (end > now) break;
      this.finish(end);
    }
  }

  // Whether somebody else says when the clause ends. Recordings and keys have no voice.
  voiced() {
    return this.driven && this.current.item.kind === 'text';
  }

  begin(at) {
    if (this.current) return;
    const item = this.queue.shift();
    if (!item) return this.silent(at);
    const voiced = this.driven && item.kind === 'text';
    const since = voiced ? Infinity : this.speaking ? at : at + this.delay;
    this.current = { item, since, mark: null };
    this.report({ kind: 'clause', item }, at);
    if (!voiced) this.sound(since);
  }

  finish(at) {
    const { item } = this.current;
    this.current = null;
    if (item.text) this.report({ kind: 'played', reply: item.reply, text: item.text, digits: item.kind === 'digits' }, at);
    this.begin(at);
  }

  sound(at) {
    if (!this.speaking) this.report({ kind: 'speaking', on: true }, at);
    this.speaking = true;
  }

  silent(at) {
    // A voice that was cut before it began was never heard.
    const waiting = this.reports.findIndex((report) => report.kind === 'speaking' && report.on && report.at > at);
    if (waiting >= 0) this.reports.splice(waiting, 1);
    else if (this.speaking) this.report({ kind: 'speaking', on: false }, at);
    this.speaking = false;
  }

  stop() {
    this.current = null;
    this.queue = [];
    this.loose = null;
  }

  report(what, at) {
    this.reports.push({ ...what, at });
  }
}
