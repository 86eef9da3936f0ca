// A session from Twilio's end, with the clock turned by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fault, line as oneLine } from '../../phone/frame.js';
import { Relay } from '../../phone/relay.js';

const NOUN = {
  url: 'ws://a/r', action: '/next', greeting: 'Hi, this is a test.', greetingInterruptible: 'any', interruptible: 'any',
  preemptible: false, reportedMeanwhile: 'none', keys: true, partialPrompts: false, speakerEvents: true,
  tokensPlayed: true, language: 'en-US', speech: 'en-US', parameters: {},
};

/** A frame in few words. */
function short(frame) {
  switch (frame.type) {
    case 'info': return `${frame.name} ${frame.value}`;
    case 'prompt': return `prompt ${frame.voicePrompt} ${frame.last}`;
    case 'interrupt': return `interrupt ${frame.utteranceUntilInterrupt} ${frame.durationUntilInterruptMs}`;
    case 'dtmf': return `dtmf ${frame.digit}`;
    default: return frame.type;
  }
}

class Session {
  constructor(noun = {}) {
    this.now = 0;
    this.relay = new Relay({ ...NOUN, ...noun }, { type: 'setup' }, 0, { rate: 10 });
    this.events = [];
  }

  wait(ms) {
    this.now += ms;
    this.relay.tick(this.now);
    return this;
  }

  hear(frame) {
    return this.relay.hear(typeof frame === 'string' ? frame : JSON.stringify(frame), this.now);
  }

  text(token, last = false, more = {}) {
    this.hear({ type: 'text', token, last, ...more });
  }

  sent() {
    const { frames, events } = this.relay.take();
    this.events.push(...events);
    return frames.map(short);
  }
}

test('the greeting is played and reported as recorded calls have it', () => {
  const session = new Session();
  assert.deepEqual(session.wait(5000).sent(), [
    'setup', 'agentSpeaking on', 'tokensPlayed Hi,', 'tokensPlayed  this is a test.', 'agentSpeaking off',
  ]);
  const [greeting] = session.relay.replies;
  assert.deepEqual([greeting.greeting, greeting.heard, greeting.cut], [true, greeting.text.length, false]);
});

test('nothing is reported that the document did not ask for', () => {
  const session = new Session({ speakerEvents: false, tokensPlayed: false, keys: false });
  session.wait(5000);
  assert.equal(session.relay.press('0', session.now), false);
  session.relay.say('hello', session.now);
  assert.deepEqual(session.sent(), ['setup', 'prompt hello true']);
});

test('somebody who begins to type while the agent speaks cuts it off', () => {
  const session = new Session();
  session.wait(1250);
  assert.equal(session.relay.voice(true, session.now), true);
  session.wait(2000);
  assert.equal(session.relay.say('Where is my parcel?', session.now), true);
  assert.deepEqual(session.sent(), [
    'setup', 'agentSpeaking on', 'tokensPlayed Hi,', 'clientSpeaking on', 'tokensPlayed  this is',
    'interrupt this is 950', 'agentSpeaking off', 'clientSpeaking off', 'prompt Where is my parcel? true',
  ]);
  const [greeting] = session.relay.replies;
  assert.deepEqual([greeting.cut, greeting.text.slice(0, greeting.heard)], [true, 'Hi, this is']);
});

test('an answer is put together from its frames, and its first word is timed', () => {
  const session = new Session({ greeting: null });
  session.relay.say('hello', session.now);
  session.wait(40).text('You said ');
  session.text('hello.');
  session.text('', true);
  session.text('', true);
  session.wait(5000);
  assert.equal(session.relay.replies.length, 1);
  const [reply] = session.relay.replies;
  assert.deepEqual([reply.text, reply.first, reply.closed, reply.heard], ['You said hello.', 40, true, 15]);
});

test('what still comes of a reply that was cut is another one for the reader', () => {
  const session = new Session({ greeting: null });
  session.text('One two three. Four');
  session.wait(750);
  session.relay.voice(true, session.now);
  session.text('', true);
  assert.equal(session.relay.replies.length, 1);
  session.text('Five.', true);
  session.wait(1000);
  const [first, second] = session.relay.replies;
  assert.deepEqual([first.cut, first.text.slice(0, first.heard)], [true, 'One two']);
  assert.deepEqual([second.text, second.heard, second.cut], ['Five.', 5, false]);
});

test('over words that may not be cut nothing is reported, unless the document wants it', () => {
  for (const [reportedMeanwhile, reported] of [['none', false], ['speech', true]]) {
    const session = new Session({ greeting: null, reportedMeanwhile });
    session.text('I am connecting you.', true, { interruptible: false });
    session.wait(500);
    assert.equal(session.relay.say('wait', session.now), reported);
    const sent = session.sent();
    assert.equal(sent.includes('prompt wait true'), reported);
    assert.equal(sent.some((frame) => frame.startsWith('interrupt')), false);
  }
});

test('a key cuts in, and is reported before the interrupt', () => {
  const session = new Session();
  session.wait(1000);
  assert.equal(session.relay.press('0', session.now), true);
  assert.deepEqual(session.sent().slice(3), ['dtmf 0', 'tokensPlayed  this', 'interrupt this 700', 'agentSpeaking off']);
});

test('partial prompts are sent only where they are wanted', () => {
  for (const partialPrompts of [false, true]) {
    const session = new Session({ greeting: null, partialPrompts });
    session.relay.partial('where', session.now);
    session.relay.partial('where is', session.now);
    const partials = session.sent().filter((frame) => frame.startsWith('prompt'));
    assert.deepEqual(partials, partialPrompts ? ['prompt where false', 'prompt where is false'] : []);
  }
});

test('a noise says that somebody is there, and cuts nothing off', () => {
  const session = new Session();
  session.wait(500).relay.noise(session.now);
  assert.equal(session.sent().includes('clientSpeaking on'), false);
  session.wait(5000).relay.noise(session.now);
  assert.deepEqual(session.sent().slice(-2), ['clientSpeaking on', 'clientSpeaking off']);
});

test('the language of speech and of recognition change apart', () => {
  const session = new Session({ greeting: null });
  session.hear({ type: 'language', ttsLanguage: 'es-US' });
  assert.deepEqual([session.relay.speech, session.relay.hearing], ['es-US', 'en-US']);
  session.hear({ type: 'language', transcriptionLanguage: 'es-US' });
  session.relay.say('hola', session.now);
  assert.equal(session.relay.take().frames.at(-1).lang, 'es-US');
});

test('end closes the session at once, and nothing is said after it', () => {
  const session = new Session({ greeting: null });
  session.text('One moment please.', true);
  session.wait(300);
  session.hear({ type: 'end', handoffData: '{"a":1}' });
  session.text('Too late.', true);
  assert.deepEqual(session.relay.ending, { status: 'ended', handoffData: '{"a":1}', seconds: 0 });
  assert.equal(session.relay.say('hello?', session.now), false);
  assert.equal(session.relay.next(), null);
  assert.deepEqual(session.relay.replies.map(({ text, cut }) => [text, cut]), [['One moment please.', true]]);
});

test('a caller who hangs up and a socket that is lost end differently', () => {
  const hungUp = new Session();
  hungUp.wait(9400).relay.hangUp(hungUp.now);
  assert.deepEqual(hungUp.relay.ending, { status: 'completed', seconds: 9 });
  const lost = new Session();
  lost.relay.lost(1006, 0);
  assert.deepEqual([lost.relay.ending.status, lost.relay.ending.error], ['failed', 64105]);
});

test('ten bad messages in a row end the session, and one good message forgives them', () => {
  const session = new Session({ greeting: null });
  for (let bad = 0; bad < 9; bad += 1) assert.equal(session.hear({ type: 'pong' }).fault !== null, true);
  session.text('Hello.', true);
  for (let bad = 0; bad < 9; bad += 1) session.hear('not json');
  assert.equal(session.relay.ending, null);
  session.hear({ type: 'end', handoffData: { reason: 'x' } });
  assert.deepEqual([session.relay.ending.status, session.relay.ending.code], ['failed', 1007]);
});

test('Twilio refuses what it refuses', () => {
  const refused = [
    null, { token: 'a' }, { type: 'text', token: null }, { type: 'text', token: 'a', last: 'true' },
    { type: 'end', handoffData: { reason: 'x' } }, { type: 'play', loop: 1 },
    { type: 'play', source: 'https://example.com/a.mp3', loop: '1' }, { type: 'sendDigits', digits: '12A' },
    { type: 'language' }, { type: 'pong' },
  ];
  for (const frame of refused) assert.equal(typeof fault(frame), 'string', JSON.stringify(frame));
  const accepted = [
    { type: 'text', token: '' }, { type: 'play', source: 'https://example.com/a.mp3', loop: 0 },
    { type: 'sendDigits', digits: '1w#' }, { type: 'language', ttsLanguage: 'es-MX' }, { type: 'end' },
  ];
  for (const frame of accepted) assert.equal(fault(frame), null, JSON.stringify(frame));
});

test('a frame is told in one line', () => {
  assert.equal(oneLine({ type: 'text', token: ' hi', last: true, interruptible: false }), '" hi" · last · not interruptible');
  assert.equal(oneLine({ type: 'interrupt', utteranceUntilInterrupt: 'a', durationUntilInterruptMs: 7 }), '"a" · after 7 ms');
  assert.equal(oneLine({ type: 'new' }), '');
});
