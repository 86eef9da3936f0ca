// The phone with a voice and ears: a browser's speech synthesis and recognition, played by two small fakes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { start } from '../mock/serve.mjs';
import { launch, open } from './chromium.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

/** A voice that speaks when it is told to: `window.speech.next()` ends a clause, `word()` moves on in it. */
function fakes() {
  const speech = { spoken: [], now: null };
  window.speech = speech;
  Object.defineProperty(window, 'speechSynthesis', { value: {
    getVoices: () => [{ lang: 'en-US', localService: true }],
    addEventListener() {},
    speak(utterance) {
      speech.now = utterance;
      speech.spoken.push(utterance.text);
      utterance.onstart();
    },
    cancel() {
      const cut = speech.now;
      speech.now = null;
      cut?.onend?.();
    },
  } });
  window.SpeechSynthesisUtterance = class {
    constructor(text) {
      this.text = text;
    }
  };
  speech.next = () => {
    const { now } = speech;
    speech.now = null;
    now.onend();
  };
  speech.word = (charIndex) => speech.now.onboundary({ name: 'word', charIndex });
  window.SpeechRecognition = class {
    start() {
      speech.ears = this;
    }

    abort() {
      speech.ears = null;
    }
  };
  speech.hear = (transcript, isFinal) => speech.ears.onresult({ resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] });
}

test('a spoken call is played as the voice speaks it, cut off where it was, and its echo is ignored', async (t) => {
  const server = await start({ kind: 'empty' });
  const page = await open(browser);
  t.after(async () => {
    await page.context().close();
    await server.close();
  });
  await page.addInitScript(fakes);
  await page.goto(`${server.url}/#/phone`);
  await page.getByRole('button', { name: 'Call with your voice' }).click();
  await page.waitForFunction(() => window.speech.now?.text === 'Hello,');
  await page.evaluate(() => window.speech.next());
  await page.evaluate(() => window.speech.next());
  const clause = ' You are talking to an AI assistant,';
  await page.waitForFunction((text) => window.speech.now?.text === text, clause);
  await page.evaluate((place) => window.speech.word(place), clause.indexOf('to an'));
  await page.locator('.said', { hasText: 'You are talking to' }).waitFor();

  // What the microphone hears of the loudspeaker changes nothing.
  await page.evaluate(() => window.speech.hear('you are talking to', false));
  assert.notEqual(await page.evaluate(() => window.speech.now), null);
  await page.evaluate(() => window.speech.hear('where is', false));
  await page.getByText('you interrupted').waitFor();
  assert.equal(await page.evaluate(() => window.speech.now), null);
  await page.evaluate(() => window.speech.hear('where is my parcel', true));
  await page.waitForFunction(() => window.speech.now?.text.startsWith('You can see'));

  const { frames } = [...server.phones.values()][0];
  const interrupt = frames.find(({ type }) => type === 'interrupt');
  assert.equal(interrupt.utteranceUntilInterrupt, 'You are talking');
  assert.ok(interrupt.durationUntilInterruptMs >= 0);
  assert.deepEqual(frames.filter(({ type }) => type === 'prompt').map(({ voicePrompt }) => voicePrompt), ['where is my parcel']);
  assert.deepEqual(frames.filter(({ name }) => name === 'tokensPlayed').map(({ value }) => value).slice(0, 3),
    ['Hello,', ' this is Northwind Parcel.', ' You are talking']);

  // Without its voice the call goes on by the clock.
  await page.getByRole('button', { name: 'Speaker' }).click();
  await page.locator('.said', { hasText: 'tracking number' }).waitFor();
  await page.getByRole('button', { name: 'Hang up' }).click();
  await page.getByText('You hung up.').waitFor();
  assert.equal(await page.evaluate(() => window.speech.ears), null);
  assert.deepEqual(page.complaints, []);
});

test('a browser without ears offers none', async (t) => {
  const server = await start({ kind: 'empty' });
  const page = await open(browser);
  t.after(async () => {
    await page.context().close();
    await server.close();
  });
  await page.addInitScript(() => {
    delete window.webkitSpeechRecognition;
    delete window.SpeechRecognition;
  });
  await page.goto(`${server.url}/#/phone`);
  await page.getByRole('button', { name: 'Call the agent' }).click();
  await page.getByRole('button', { name: 'Hang up' }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Microphone' }).count(), 0);
  assert.deepEqual(page.complaints, []);
});
