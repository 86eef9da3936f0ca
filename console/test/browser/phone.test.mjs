// Calls from the browser phone, against a server that speaks the contract.

import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, test } from 'node:test';

import { start } from '../mock/serve.mjs';
import { launch, open } from './chromium.mjs';

const GREETING = 'Hello, this is Northwind Parcel. You are talking to an AI assistant, and I can get you a person at any time. How can I help?';

let browser;
let server;
let page;

before(async () => {
  browser = await launch();
});
after(() => browser?.close());
beforeEach(async () => {
  server = await start({ kind: 'empty', desk: true });
  page = await open(browser);
});
afterEach(async () => {
  const { complaints } = page;
  await page.context().close();
  await server.close();
  assert.deepEqual(complaints, []);
});

const button = (name) => page.getByRole('button', { name, exact: true });
const said = (words) => page.locator('.bubble', { hasText: words });

/** The call so far, as the server saw it. */
const call = () => [...server.phones.values()].at(-1);
const frames = () => call().frames.map((frame) => {
  switch (frame.type) {
    case 'info': return `${frame.name} ${frame.value}`;
    case 'prompt': return `prompt ${frame.voicePrompt}`;
    case 'dtmf': return `dtmf ${frame.digit}`;
    case 'interrupt': return `interrupt ${frame.utteranceUntilInterrupt}`;
    default: return frame.type;
  }
});
const forms = (path) => server.seen.forms.filter((form) => form.path === path);

async function dial() {
  await page.goto(`${server.url}/#/phone`);
  await button('Call the agent').click();
  await page.locator('.said', { hasText: 'You are' }).waitFor();
}

async function say(words) {
  await page.getByLabel('Say something').fill(words);
  await page.keyboard.press('Enter');
}

async function ask() {
  await dial();
  await button('Can I talk to a person?').click();
  await button('Accept the call').waitFor();
}

test('the first call goes the whole way, from the empty page to the desk', async () => {
  await page.goto(server.url);
  await page.waitForURL(/#\/phone$/u);
  await button('Call the agent').click();
  await page.locator('.said', { hasText: 'You are' }).waitFor();
  await page.getByLabel('Say something').pressSequentially('I was');
  await page.getByText('you interrupted').waitFor();
  await page.getByLabel('Say something').pressSequentially(' charged twice');
  await page.keyboard.press('Enter');
  await page.locator('.said', { hasText: 'A colleague looks' }).waitFor();
  await button('Can I talk to a person?').click();
  await button('Accept the call').waitFor();
  await page.locator('.task', { hasText: 'The caller asked for a person' }).waitFor();
  await button('Accept the call').click();
  await page.frameLocator('iframe').getByText('Summary').waitFor();
  assert.equal(server.live.get(call().callSid).state, 'withPerson');
  await button('End the call').click();
  await page.getByText('The person hung up.').waitFor();

  const [, ...sent] = frames();
  assert.deepEqual(sent.slice(0, 3), ['agentSpeaking on', 'tokensPlayed Hello,', 'tokensPlayed  this is Northwind Parcel.']);
  const cut = sent.findIndex((frame) => frame.startsWith('interrupt'));
  const heard = sent.slice(0, cut).filter((frame) => frame.startsWith('tokensPlayed')).map((frame) => frame.slice('tokensPlayed '.length)).join('');
  assert.ok(GREETING.startsWith(heard) && heard.endsWith(sent[cut].slice('interrupt '.length)), `${heard} / ${sent[cut]}`);
  assert.equal(await said('Hello, this is').locator('s').textContent(), ` not heard: ${GREETING.slice(heard.length)}`);
  assert.ok(sent.slice(cut - 2, cut).includes('clientSpeaking on'));
  assert.deepEqual(sent.slice(cut + 1, cut + 4), ['agentSpeaking off', 'clientSpeaking off', 'prompt I was charged twice']);
  assert.deepEqual(server.seen.forms.map(({ path }) => path), ['/voice/incoming', '/voice/handoff', '/voice/queued', '/voice/status']);
  const [handoff] = forms('/voice/handoff');
  assert.deepEqual([handoff.SessionStatus, handoff.CallStatus, handoff.s], ['ended', 'in-progress', undefined]);
  assert.equal(JSON.parse(handoff.HandoffData).reasonCode, 'caller_request');
  assert.equal(handoff.SessionId, call().frames[0].sessionId);
  assert.equal(forms('/voice/queued')[0].QueueResult, 'bridging-in-process');
  assert.equal(forms('/voice/status')[0].CallStatus, 'completed');
});

test('setup says what Twilio says', async () => {
  await dial();
  const [setup] = call().frames;
  assert.match(setup.sessionId, /^VX[0-9a-f]{32}$/u);
  assert.deepEqual({ ...setup, sessionId: '' }, {
    type: 'setup', sessionId: '', accountSid: 'AC00000000000000000000000000000001', parentCallSid: '', callSid: call().callSid,
    from: '+15550100001', to: '+15550100002', forwardedFrom: '', callType: 'PSTN', callerName: '', direction: 'inbound',
    callStatus: 'RINGING', customParameters: {},
  });
});

test('a key can be reached by arrows, and the key for a person leads to one', async () => {
  await dial();
  await button('Keypad').click();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.key), '5');
  await page.keyboard.press('0');
  await button('Accept the call').waitFor();
  const sent = frames();
  const key = sent.indexOf('dtmf 0');
  assert.ok(key > 0 && sent.slice(key + 1).some((frame) => frame.startsWith('interrupt')));
  assert.equal(await page.locator('.keypad').isHidden(), true);
});

test('what may not be interrupted is not, and what was said over it is not reported', async () => {
  await dial();
  await button('Can I talk to a person?').click();
  await page.locator('.said', { hasText: 'I am connecting' }).waitFor();
  await say('wait, one more thing');
  await page.getByText('not heard: the agent could not be interrupted').waitFor();
  await button('Accept the call').waitFor();
  assert.equal(frames().includes('prompt wait, one more thing'), false);
  assert.ok(frames().includes('tokensPlayed I am connecting you with a person now.'));
});

test('a line that drops is connected again, and the call goes on', async () => {
  await dial();
  call().socket.terminate();
  await said('Sorry, we were cut off.').waitFor();
  await page.locator('.talk-note', { hasText: 'The line dropped. Connecting again.' }).waitFor();
  const [handoff] = forms('/voice/handoff');
  assert.deepEqual([handoff.SessionStatus, handoff.ErrorCode, handoff.CallStatus], ['failed', '64105', 'in-progress']);
  const [, second] = call().frames.filter(({ type }) => type === 'setup');
  assert.equal(second.callStatus, 'IN_PROGRESS');
  await say('I was charged twice');
  await page.locator('.said', { hasText: 'I am sorry' }).waitFor();
});

test('where nobody is free a telephone rings, and at last a message is left', async () => {
  await ask();
  await button('Nobody is free').click();
  await page.getByText('+15550100000 rings.').waitFor();
  await button('Let it ring').click();
  await said('Please leave a message.').waitFor();
  await button('End the message').click();
  await said('Thank you. Goodbye.').waitFor();
  await page.getByText('The server hung up.').waitFor();
  assert.equal(forms('/voice/queued')[0].QueueResult, 'leave');
  assert.equal(forms('/voice/dial')[0].DialCallStatus, 'no-answer');
  const [recording] = forms('/voice/recording');
  assert.match(recording.RecordingUrl, /Recordings\/RE[0-9a-f]{32}$/u);
  assert.deepEqual([recording.Digits, Number(recording.RecordingDuration) >= 1], ['#', true]);
});

test('a telephone that is picked up has the call', async () => {
  await ask();
  await button('Nobody is free').click();
  await button('Pick up').click();
  await page.getByText('Connected').waitFor();
  await button('End the call').click();
  await page.getByText('The person hung up.').waitFor();
  assert.deepEqual([forms('/voice/dial')[0].DialCallStatus, forms('/voice/dial')[0].DialBridged], ['completed', 'true']);
});

test('a caller who hangs up while waiting is told to the queue', async () => {
  await ask();
  await button('Hang up').click();
  await page.getByText('You hung up.').waitFor();
  await page.getByText('The caller hung up before anybody answered').waitFor();
  assert.deepEqual([forms('/voice/queued')[0].QueueResult, forms('/voice/queued')[0].CallStatus], ['hangup', 'completed']);
});

test('a caller who hangs up in the middle ends the session as completed', async () => {
  await dial();
  await Promise.all([page.waitForResponse('**/voice/handoff*'), button('Hang up').click()]);
  await page.getByText('You hung up.').waitFor();
  const [handoff] = forms('/voice/handoff');
  assert.deepEqual([handoff.SessionStatus, handoff.CallStatus, handoff.HandoffData], ['completed', 'completed', undefined]);
});

test('goodbye ends the call, and another one can be made', async () => {
  await dial();
  await say('goodbye');
  await page.getByText('The server hung up.').waitFor();
  await button('Call again').click();
  await page.locator('.said', { hasText: 'You are' }).waitFor();
  assert.equal(server.phones.size, 2);
});

test('the call goes on while other pages are looked at', async () => {
  await dial();
  await page.getByRole('link', { name: /^Live/u }).click();
  const row = page.locator('.live-call');
  await row.getByText('Agent speaks').waitFor();
  await row.getByText('Browser phone').waitFor();
  await page.getByRole('link', { name: /On the line/u }).click();
  await said('Hello, this is Northwind Parcel.').waitFor();
  await button('Can I talk to a person?').click();
  await page.getByRole('link', { name: 'Calls', exact: true }).click();
  await page.waitForFunction((sid) => window.location.hash === '#/calls' && sid, call().callSid);
  await page.getByRole('link', { name: /On the line/u }).click();
  await button('Accept the call').waitFor();
});

test('a page that is closed hangs up', async () => {
  await dial();
  const { callSid } = call();
  await page.goto('about:blank');
  const deadline = Date.now() + 5000;
  while (!forms('/voice/status').length && Date.now() < deadline) await new Promise(setImmediate);
  assert.deepEqual(forms('/voice/handoff').map(({ SessionStatus, CallSid }) => [SessionStatus, CallSid]), [['completed', callSid]]);
  assert.equal(forms('/voice/status')[0].CallStatus, 'completed');
});

test('a webhook that fails is told as what a caller would hear', async () => {
  for (const [reply, words] of [
    [{ status: 500, body: 'no' }, 'The webhook answered 500.'],
    [{ status: 200, contentType: 'application/json', body: '{}' }, 'something that is not TwiML'],
    [{ status: 200, contentType: 'text/xml', body: '<Response><Connect>' }, 'something that is not TwiML'],
    [{ status: 200, contentType: 'text/xml', body: '<Connect/>' }, 'something that is not TwiML'],
  ]) {
    await page.route('**/voice/incoming', (route) => route.fulfill(reply));
    await page.goto(`${server.url}/#/phone`);
    await page.reload();
    await button('Call the agent').click();
    await page.locator('.talk-note', { hasText: words }).waitFor();
    await page.getByText('The call failed.').waitFor();
    await page.unroute('**/voice/incoming');
  }
  // The browser styles its own message about broken XML, which the policy refuses.
  page.complaints = page.complaints.filter((words) => !/status of 500|inline style|style-src-attr/u.test(words));
});

test('the log shows every frame, opens it, and copies all of them', async () => {
  await dial();
  await page.locator('.frames > summary').click();
  const list = page.locator('.frames-list');
  await list.getByRole('button', { name: /POST.*\/voice\/incoming → 200/u }).click();
  await list.getByText('welcomeGreeting=').waitFor();
  await list.getByText('tokensPlayed "Hello,"').waitFor();
  await page.getByLabel('Playback reports').uncheck();
  assert.equal(await list.getByText('tokensPlayed').count(), 0);
  assert.ok(await list.locator('[data-kind="setup"]').isVisible());
  await button('Copy all').click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /> \{"type":"setup"/u);
});
