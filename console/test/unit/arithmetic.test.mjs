// Latencies, times and names.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ago, duration, durationWords, heardOf, latency, roughly, shortSid, target, title } from '../../lib/format.js';
import { answers, extent, placed, quantile, summary, ticks, turn } from '../../lib/waterfall.js';

const at = (ms) => new Date(Date.UTC(2026, 10, 27, 11, 0, 0, ms)).toISOString();
const answer = (steps, more = {}) => ({
  who: 'agent', text: 'x', heard: 'x', interrupted: false, promptedAt: at(0),
  steps: Object.fromEntries(Object.entries(steps).map(([name, ms]) => [name, at(ms)])), ...more,
});

test('a turn is divided at its steps', () => {
  const measured = turn(answer({
    beganAt: 2, firstDeltaAt: 402, firstFrameAt: 403, speakingAt: 723, finishedAt: 900, heardAt: 3723,
  }));
  assert.deepEqual(measured.spans, [
    { name: 'request', from: 0, to: 2 }, { name: 'model', from: 2, to: 402 }, { name: 'frame', from: 402, to: 403 },
    { name: 'voice', from: 403, to: 723 }, { name: 'speech', from: 723, to: 3723 },
  ]);
  assert.deepEqual([measured.firstWord, measured.firstSound, measured.heard], [403, 723, 3723]);
});

test('a step that was not measured is left out, and its time belongs to the next', () => {
  const measured = turn(answer({ beganAt: 5, firstFrameAt: 20 }));
  assert.deepEqual(measured.spans, [{ name: 'request', from: 0, to: 5 }, { name: 'frame', from: 5, to: 20 }]);
  assert.deepEqual([measured.firstWord, measured.firstSound, measured.heard], [20, null, null]);
});

test('without a prompt the count begins with the request', () => {
  const measured = turn(answer({ beganAt: 100, firstDeltaAt: 150, firstFrameAt: 151 }, { promptedAt: undefined }));
  assert.deepEqual(measured.spans, [{ name: 'model', from: 0, to: 50 }, { name: 'frame', from: 50, to: 51 }]);
});

test('clocks that disagree do not make time run backwards', () => {
  const measured = turn(answer({ beganAt: 1, firstDeltaAt: 50, firstFrameAt: 49, speakingAt: 48 }));
  assert.deepEqual(measured.spans.map(({ from, to }) => to - from), [1, 49, 0, 0]);
});

test('callers and our own sentences are no answers', () => {
  assert.equal(turn({ who: 'caller', steps: { beganAt: at(0) } }), null);
  assert.equal(turn(answer({ beganAt: 0, speakingAt: 300 }, { promptedAt: null })), null);
  assert.equal(turn({ who: 'agent', steps: {} }), null);
  const numbered = answers([{ who: 'caller', steps: {} }, answer({ beganAt: 1, firstDeltaAt: 2 }), answer({ beganAt: 1 })]);
  assert.deepEqual(numbered.map(({ number, place }) => [number, place]), [[1, 1], [2, 2]]);
});

test('what is said before and after a tool is one answer', () => {
  const asked = answer({ beganAt: 2, firstDeltaAt: 900, finishedAt: 950 }, { tools: [{ name: 'track', beganAt: at(950), endedAt: at(1700) }] });
  const told = answer({ beganAt: 1701, firstDeltaAt: 2000, firstFrameAt: 2001, speakingAt: 2300 });
  const [one, ...others] = answers([asked, told]);
  assert.deepEqual(others, []);
  assert.deepEqual(one.spans.map(({ name, from, to }) => [name, from, to]), [
    ['request', 0, 2], ['model', 2, 900], ['model', 900, 950], ['tool', 950, 1700], ['request', 1700, 1701],
    ['model', 1701, 2000], ['frame', 2000, 2001], ['voice', 2001, 2300],
  ]);
  assert.deepEqual([one.firstWord, one.firstSound, one.number, one.place], [2001, 2300, 1, 0]);
  const alone = turn(asked);
  assert.deepEqual(alone.spans.map(({ name }) => name), ['request', 'model'], 'a tool nobody waited for is no time');
  const apart = answers([asked, { ...told, promptedAt: at(1) }]);
  assert.equal(apart.length, 2);
});

test('a sentence that bridges the time of a tool is the first word', () => {
  const asked = answer({ beganAt: 2, firstDeltaAt: 300, firstFrameAt: 301, speakingAt: 600, heardAt: 1500 }, { tools: [{ name: 'track', beganAt: at(400), endedAt: at(2700) }] });
  const told = answer({ beganAt: 2701, firstDeltaAt: 3000, firstFrameAt: 3001, speakingAt: 3300, heardAt: 6000 });
  const [one] = answers([asked, told]);
  assert.deepEqual([one.firstWord, one.firstSound, one.heard], [301, 600, 6000]);
  assert.ok(one.spans.every(({ from, to }) => to >= from));
});

test('the summary counts what was measured', () => {
  const all = [10, 30, 20].map((ms) => turn(answer({ beganAt: 1, firstDeltaAt: ms, firstFrameAt: ms, speakingAt: ms + 300 })));
  assert.deepEqual(summary(all), { answers: 3, firstWord: 20, slowest: 30, firstSound: 320 });
  assert.deepEqual(summary([]), { answers: 0, firstWord: null, slowest: null, firstSound: null });
  assert.equal(quantile([5], 0.95), 5);
});

test('a drawing covers the first sound, or the whole turn', () => {
  const measured = [turn(answer({ beganAt: 0, firstDeltaAt: 400, firstFrameAt: 401, speakingAt: 700, heardAt: 4700 }))];
  assert.equal(extent(measured, false), 840);
  assert.equal(extent(measured, true), 4700);
  assert.equal(extent([], false), 1.2);
  assert.deepEqual(placed({ from: 210, to: 420 }, 840), { left: 25, width: 25, more: false });
  assert.deepEqual(placed({ from: 700, to: 4700 }, 1400), { left: 50, width: 50, more: true });
  assert.deepEqual(ticks(840), [0, 200, 400, 600, 800]);
  assert.deepEqual(ticks(1.2), [0, 0.5, 1]);
  for (const whole of [1.2, 7, 99, 840, 4700, 31_415]) {
    assert.ok(ticks(whole).length >= 3 && ticks(whole).length <= 6, String(whole));
    assert.ok(ticks(whole).at(-1) <= whole);
  }
});

test('durations are read at a glance', () => {
  assert.deepEqual([0, 41_900, 725_000, 3_723_000].map(duration), ['0:00', '0:41', '12:05', '1:02:03']);
  assert.equal(durationWords(725_000), '12 minutes 5 seconds');
  assert.equal(durationWords(0), '0 seconds');
  assert.deepEqual([41_000, 725_000, 11_698_000, 93_600_000].map(roughly),
    ['41 seconds', '12 minutes', '3 hours 14 minutes', '1 day 2 hours']);
  assert.deepEqual([null, 0, 0.4, 12.4, 999, 1240, 12_400, 92_000].map(latency),
    ['–', '0 ms', '0.4 ms', '12 ms', '999 ms', '1.24 s', '12.4 s', '1:32']);
});

test('times are told from now', () => {
  const now = new Date(2026, 10, 27, 14, 30).getTime();
  const before = (seconds) => ago(now - seconds * 1000, now);
  assert.deepEqual([2, 12, 300, 3600, 20 * 3600].map(before),
    ['just now', '12 s ago', '5 min ago', '13:30', 'yesterday 18:30']);
  assert.equal(ago(new Date(2026, 10, 3, 9, 5).getTime(), now), '3 Nov, 09:05');
  assert.equal(ago(new Date(2025, 10, 3, 9, 5).getTime(), now), '3 Nov 2025');
});

test('what was not heard is told apart', () => {
  assert.deepEqual(heardOf({ text: 'One. Two.', heard: 'One.' }), { heard: 'One.', unheard: ' Two.', whole: 'One. Two.' });
  assert.deepEqual(heardOf({ text: 'One.' }), { heard: 'One.', unheard: '', whole: 'One.' });
  assert.deepEqual(heardOf({ text: 'It is ****', heard: 'It is 4' }), { heard: '', unheard: '', whole: 'It is ****' });
});

test('names are shortened and spelled out', () => {
  assert.equal(shortSid('CA0df7a2d0fe557da9b6dc574cb1e8a4f8'), 'CA0df7…a4f8');
  assert.equal(shortSid('CA12'), 'CA12');
  assert.equal(target(`workflow:WW${'0'.repeat(32)}`), 'workflow:WW0000…0000');
  assert.equal(target('number:+15550100000'), 'number:+15550100000');
  assert.equal(title('no_progress'), 'No progress');
});
