// The loudspeaker, as src/caller/player.rs has it: ten characters per second, and a clock that is turned by hand.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Player, allows, clauseEnd, wordsBegun, wordsOver } from '../../phone/player.js';

class Line {
  constructor(pace = {}) {
    this.player = new Player({ rate: 10, ...pace });
    this.now = 0;
  }

  speak(token, last = false, more = {}) {
    this.player.speak({ token, last, reply: 0, ...more }, this.now);
  }

  wait(ms) {
    this.now += ms;
    return this;
  }

  heard() {
    return this.player.poll(this.now).filter(({ kind }) => kind !== 'clause').map((report) => {
      switch (report.kind) {
        case 'speaking': return `${report.at} speaking ${report.on}`;
        case 'played': return `${report.at} played ${JSON.stringify(report.text)}`;
        case 'interrupted': return `${report.at} interrupted after ${JSON.stringify(report.heard)} ${report.after}`;
        default: return `${report.at} ${report.kind}`;
      }
    });
  }
}

test('clauses are reported as the recorded calls have them', () => {
  const line = new Line();
  line.speak('I');
  line.speak(' heard:');
  line.speak(' Holding.', true);
  assert.deepEqual(line.heard(), ['0 speaking true']);
  assert.deepEqual(line.wait(800).heard(), ['800 played "I heard:"']);
  assert.deepEqual(line.wait(5000).heard(), ['1700 played " Holding."', '1700 speaking false']);
});

test('words without a clause end wait for the close', () => {
  const line = new Line();
  line.speak('one moment');
  assert.deepEqual(line.wait(60_000).heard(), []);
  assert.equal(line.player.next(), null);
  line.speak('', true);
  assert.deepEqual(line.wait(1000).heard(), ['60000 speaking true', '61000 played "one moment"', '61000 speaking false']);
});

test('a pause between clauses is a pause even if nobody looked', () => {
  const line = new Line();
  line.speak('Wait.');
  line.wait(2000).speak(' Here.', true);
  assert.deepEqual(line.wait(2000).heard(), [
    '0 speaking true', '500 played "Wait."', '500 speaking false',
    '2000 speaking true', '2600 played " Here."', '2600 speaking false',
  ]);
});

test('a number is not cut at its point', () => {
  const line = new Line();
  line.speak('It costs 3.50, or so.', true);
  const played = line.wait(5000).heard().filter((one) => one.includes('played'));
  assert.deepEqual(played, ['1400 played "It costs 3.50,"', '2100 played " or so."']);
});

test('an interrupt reports the words of the clause that was playing and drops the rest', () => {
  const line = new Line();
  line.speak('Sentence 1. Sentence 2 of many. Sentence 3.', true);
  assert.deepEqual(line.wait(1100).heard(), ['0 speaking true', '1100 played "Sentence 1."']);
  line.wait(1550);
  assert.equal(line.player.interrupt('speech', line.now), true);
  assert.deepEqual(line.heard(), [
    '2650 played " Sentence 2 of"', '2650 interrupted after "Sentence 2 of" 1550', '2650 speaking false',
  ]);
  assert.deepEqual(line.wait(60_000).heard(), []);
});

test('an interrupt before the first word was over has heard nothing', () => {
  const line = new Line();
  line.speak('Certainly.', true);
  line.wait(300);
  assert.equal(line.player.interrupt('speech', line.now), true);
  assert.deepEqual(line.heard(), ['0 speaking true', '300 interrupted after "" 300', '300 speaking false']);
});

test('nothing cuts off silence or what may not be cut', () => {
  const line = new Line();
  assert.equal(line.player.interrupt('speech', 0), false);
  line.speak('I am connecting you.', true, { interruptible: false });
  line.wait(500);
  assert.equal(line.player.interrupt('speech', line.now), false);
  assert.deepEqual(line.wait(1500).heard(), [
    '0 speaking true', '2000 played "I am connecting you."', '2000 speaking false',
  ]);
});

test('a key cuts only where keys may', () => {
  const line = new Line();
  line.speak('Press one now.', true, { interruptible: 'dtmf' });
  line.wait(500);
  assert.equal(line.player.interrupt('speech', line.now), false);
  assert.equal(line.player.interrupt('key', line.now), true);
});

test('the voice begins a little after its first words, and once only', () => {
  const line = new Line({ delay: 300 });
  line.speak('One.');
  assert.deepEqual(line.heard(), []);
  assert.equal(line.player.next(), 300);
  assert.deepEqual(line.wait(300).heard(), ['300 speaking true']);
  line.speak(' Two.', true);
  assert.deepEqual(line.wait(2000).heard(), ['700 played "One."', '1200 played " Two."', '1200 speaking false']);
});

test('who is cut off before the voice began was not heard at all', () => {
  const line = new Line({ delay: 300 });
  line.speak('One.', true);
  line.wait(200);
  assert.equal(line.player.interrupt('speech', line.now), true);
  assert.deepEqual(line.wait(1000).heard(), ['200 interrupted after "" 0']);
});

test('later words cut what may be cut by them, and no interrupt is reported', () => {
  const line = new Line();
  line.speak('One moment please, I look.', true, { preemptible: true });
  line.wait(1050).speak('Here it is.', true, { reply: 1 });
  assert.deepEqual(line.heard(), [
    '0 speaking true', '1050 played "One moment"', '1050 preempted', '1050 speaking false', '1050 speaking true',
  ]);
});

test('what may be cut itself queues behind what may be cut', () => {
  const line = new Line();
  line.speak('One.', true, { preemptible: true });
  line.speak('Two.', true, { preemptible: true, reply: 1 });
  assert.deepEqual(line.wait(1000).heard(), [
    '0 speaking true', '400 played "One."', '800 played "Two."', '800 speaking false',
  ]);
});

test('keys pressed for the caller are reported like words, and a recording is not', () => {
  const line = new Line();
  line.player.press('12', 0);
  line.player.play({ source: 'https://example.com/a.mp3' }, 0);
  assert.deepEqual(line.wait(10_000).heard(), ['0 speaking true', '200 played "12"', '4200 speaking false']);
});

test('a real voice says itself when it begins, where it is and when it ends', () => {
  const line = new Line();
  line.player.drive(true, 0);
  line.speak('Your parcel is here. It is yours.', true);
  assert.deepEqual(line.wait(400).heard(), []);
  line.player.begun(line.now);
  line.wait(60_000).player.ended(line.now);
  assert.deepEqual(line.heard(), ['400 speaking true', '60400 played "Your parcel is here."']);
  line.player.begun(line.wait(10).now);
  line.player.reached(' It is '.length);
  assert.deepEqual(line.player.progress(line.wait(300).now), { reply: 0, characters: ' It is yours.'.length });
  assert.equal(line.player.interrupt('speech', line.now), true);
  assert.deepEqual(line.heard(), [
    '60710 played " It is"', '60710 interrupted after "It is" 300', '60710 speaking false',
  ]);
});

test('when the voice fails, its clause goes on by the clock', () => {
  const line = new Line();
  line.player.drive(true, 0);
  line.speak('Your parcel is here.', true);
  line.player.begun(0);
  line.player.reached(' Your parcel'.length);
  line.wait(500).player.drive(false, line.now);
  assert.deepEqual(line.heard(), ['0 speaking true']);
  assert.deepEqual(line.wait(800).heard(), ['1300 played "Your parcel is here."', '1300 speaking false']);
});

test('a reader sees the word that is being spoken', () => {
  const line = new Line();
  line.speak('Hello there, friend.', true);
  assert.deepEqual(line.player.progress(0), { reply: 0, characters: 5 });
  assert.deepEqual(line.player.progress(700), { reply: 0, characters: 12 });
  assert.equal(wordsBegun('Hello there', 5), 11);
  assert.equal(wordsBegun('Hello there', 4), 5);
  assert.equal(wordsBegun('Hello', 99), 5);
});

test('clauses end at a stop that a space or nothing follows', () => {
  assert.equal(clauseEnd('Yes, no'), 4);
  assert.equal(clauseEnd('3.50 dollars'), 0);
  assert.equal(clauseEnd('はい。次'), 3);
  assert.equal(wordsOver('Sentence 2 of many', 12), 'Sentence 2');
  assert.equal(wordsOver('Sentence 2 of many', 13), 'Sentence 2 of');
  assert.equal(wordsOver('Certainly.', 4), '');
});

test('attributes and flags say what may cut in', () => {
  const table = [
    ['any', true, true], ['true', true, true], [true, true, true], ['speech', true, false], ['dtmf', false, true],
    ['none', false, false], ['false', false, false], [false, false, false],
  ];
  for (const [value, speech, key] of table) {
    assert.deepEqual([allows(value, 'speech'), allows(value, 'key')], [speech, key], String(value));
  }
});
