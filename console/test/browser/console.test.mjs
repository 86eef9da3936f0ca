// What an operator does in the console.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { start } from '../mock/serve.mjs';
import { launch, open } from './chromium.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const CALL = `CA${(1).toString(16).padStart(32, 'c0ffee00d15ea5e0')}`;

/** A page on a server of its own. */
async function visit(t, options, hash, more = {}) {
  const server = await start(options);
  const page = await open(browser, more);
  t.after(async () => {
    const { complaints } = page;
    await page.context().close();
    await server.close();
    assert.deepEqual(complaints, []);
  });
  await page.goto(`${server.url}/${hash}`);
  return { server, page, button: (name) => page.getByRole('button', { name, exact: true }) };
}

test('nobody gets in without the password, and whoever comes back finds the page again', async (t) => {
  const { server, page, button } = await visit(t, { locked: true }, '#/calls', { expected: [/status of (401|429)/u] });
  const password = page.getByLabel('Password');
  await password.press('Enter');
  await page.getByText('Type the password first.').waitFor();
  await password.fill('guessed');
  await page.keyboard.press('Enter');
  await page.getByText('That is not the password.').waitFor();
  await password.fill('slow');
  await page.keyboard.press('Enter');
  await page.getByText(/Too many attempts. Try again in \d seconds?\./u).waitFor();
  assert.equal(await button('Sign in').isDisabled(), true);
  await page.getByText('You can try again now.').waitFor();
  await password.fill(server.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Calls' }).waitFor();
  await page.locator('.row-link').first().waitFor();
  assert.match(page.url(), /#\/calls$/u);

  // A session that ran out leads back to the door, and through it to the same page.
  await page.context().request.delete(`${server.url}/api/v1/session`, { headers: { 'x-warmline': '1' } });
  await page.getByRole('link', { name: 'Hand-offs' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Password').fill(server.password);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Hand-offs', exact: true }).waitFor();
  await button('Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await page.locator('nav').count(), 0);
});

test('live calls change in place, and the focus stays where it is', async (t) => {
  const { server, page } = await visit(t, { kind: 'busy' }, '#/live');
  const sid = [...server.live.keys()][1];
  const row = page.locator(`[data-call="${sid}"]`);
  await row.getByText('Agent speaks').waitFor();
  const whisper = row.getByRole('button', { name: 'Whisper' });
  await whisper.focus();
  server.change(sid, { state: 'thinking', sentiment: 'negative', turns: 9, lastWords: { who: 'caller', text: '<img src=x onerror=alert(1)>' } });
  await row.getByText('Thinking').waitFor();
  await row.getByText('<img src=x onerror=alert(1)>').waitFor();
  await row.getByText('Upset').waitFor();
  await row.getByText('9 turns').waitFor();
  assert.equal(await whisper.evaluate((one) => one === document.activeElement), true);
  server.live.delete(sid);
  server.tell('gone', { callSid: sid, outcome: 'closed' });
  await row.waitFor({ state: 'detached' });
  await page.getByText('4 calls right now').waitFor();
  await page.locator('#announcer', { hasText: 'ended: Hung up' }).waitFor();
});

test('a feed that breaks off says so, and comes back by itself', async (t) => {
  const { server, page } = await visit(t, { kind: 'busy' }, '#/live', { expected: [/ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION/u] });
  await page.getByText('5 calls right now').waitFor();
  server.breakFeed();
  await page.getByText('The live feed is interrupted.').waitFor();
  await page.getByText('The live feed is interrupted.').waitFor({ state: 'hidden', timeout: 15_000 });
  await page.locator('.feed', { hasText: 'Live' }).waitFor();
});

test('a whisper and a hand-over are asked about, sent and told', async (t) => {
  const { server, page, button } = await visit(t, { kind: 'busy' }, '#/live', { expected: [/status of 409/u] });
  const sid = [...server.live.keys()][1];
  const row = page.locator(`[data-call="${sid}"]`);
  await row.getByRole('button', { name: 'Whisper' }).click();
  await page.keyboard.press('Escape');
  assert.deepEqual(server.seen.whispers, []);
  await row.getByRole('button', { name: 'Whisper' }).click();
  await page.getByLabel('Note').fill('  it arrives today  ');
  await page.getByText('480 characters left').waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Whisper' }).click();
  await page.getByText('The agent has your note for the next question.').waitFor();
  assert.deepEqual(server.seen.whispers, [{ text: 'it arrives today' }]);
  await row.getByRole('button', { name: 'Hand to a person' }).click();
  await page.getByLabel('Reason, for the person who takes it').fill('refund above the limit');
  await button('Hand over').click();
  await page.getByText('The agent is handing the call over.').waitFor();
  assert.deepEqual(server.seen.escalations, [{ reason: 'refund above the limit' }]);
  await row.getByText('Saying goodbye').waitFor();
  assert.equal(await row.getByRole('button', { name: 'Hand to a person' }).isDisabled(), true);

  // Somebody else was quicker: the dialog says why, and stays.
  const late = page.locator(`[data-call="${[...server.live.keys()][3]}"]`);
  await late.getByRole('button', { name: 'Hand to a person' }).click();
  await page.route('**/escalate', (route) => route.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"title":"Conflict"}' }));
  await button('Hand over').click();
  await page.getByText('This call is on its way to a person already, or it is over.').waitFor();
});

test('calls come page by page, are filtered, and found by their name', async (t) => {
  const { page, button } = await visit(t, { kind: 'busy' }, '#/calls');
  await page.locator('.row-link').nth(49).waitFor();
  await button('Show more').click();
  await page.locator('.row-link').nth(72).waitFor();
  await page.getByText('That is all.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), '+15•••••1350');
  await page.getByLabel('How it ended').selectOption('completed');
  await page.waitForURL(/outcome=completed/u);
  await page.locator('.row-link').first().waitFor();
  assert.equal(await page.getByText('To a person').count(), 1, 'only the filter names it');
  await page.getByLabel('Number of the caller').fill('+1 (999) 999-9999');
  await page.keyboard.press('Enter');
  await page.getByText('No call matches').waitFor();
  assert.match(decodeURIComponent(page.url()), /caller=\+19999999999/u);
  await page.getByRole('link', { name: 'Clear' }).first().click();
  await page.getByLabel('Number of the caller').fill(CALL);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '+15•••••1007' }).waitFor();
});

test('a call is read, revealed, exported and deleted', async (t) => {
  const { page, button } = await visit(t, { kind: 'busy' }, `#/calls/${CALL}`);
  const cut = page.locator('.words s').first();
  assert.equal(await cut.textContent(), ' not heard:  and I can get you a person at any time. How can I help?');
  await page.getByText('track_parcel').click();
  await page.getByText('"in_transit"').waitFor();
  await button('Steps of answer 2').click();
  await page.getByText('Tool answered').waitFor();
  await page.getByText('Until all was heard').click();
  assert.equal(await page.locator('.figure', { hasText: 'First word' }).locator('dd').first().innerText(), '841 ms');

  await button('Show number').click();
  await page.getByText('That you looked is written into the audit log.').waitFor();
  await button('Show it').click();
  await page.getByRole('heading', { name: '+15550101007' }).waitFor();
  await button('Hide number').click();
  await page.getByRole('heading', { name: '+15•••••1007' }).waitFor();

  const [download] = await Promise.all([page.waitForEvent('download'), button('Export JSON').click()]);
  assert.equal(download.suggestedFilename(), `${CALL}.json`);
  assert.equal(JSON.parse(await readFile(await download.path(), 'utf8')).callSid, CALL);
  await button('Copy transcript').click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /0:06 Caller: I was charged twice/u);

  await button('Delete').click();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
  await button('Delete for good').click();
  await page.getByText('The call was deleted.').waitFor();
  await page.getByRole('heading', { name: 'Calls', exact: true }).waitFor();
  await page.locator('.row-link').first().waitFor();
  assert.equal(await page.getByText('+15•••••1007').count(), 0);
});

test('the page works by keyboard, and remembers its colours', async (t) => {
  const { page, button } = await visit(t, { kind: 'busy' }, '#/live');
  await page.locator('.live-call').first().waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  assert.match(page.url(), /#\/live$/u);
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.className), /caller/u);
  await page.keyboard.press('Enter');
  await page.getByText('Latency of each answer').waitFor();
  await page.getByRole('link', { name: 'System' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');

  await button('Colours: As the system').click();
  await button('Colours: Light').click();
  await page.reload();
  await button('Colours: Dark').waitFor();
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme), 'dark');
});

test('settings are found, and no secret is shown', async (t) => {
  const { page } = await visit(t, { kind: 'busy' }, '#/system/settings');
  await page.getByLabel('Find a setting').fill('token');
  assert.equal(await page.locator('tbody tr').count(), 1);
  await page.getByText('••••••••').waitFor();
  await page.getByLabel('Find a setting').fill('');
  await page.getByLabel('Only those that were set').check();
  assert.equal(await page.locator('tbody tr').count(), 4);
});

test('a server that does not answer is asked again', async (t) => {
  const { page } = await visit(t, { kind: 'busy' }, '#/live', { expected: [/ERR_FAILED|ERR_CONNECTION/u] });
  await page.locator('.live-call').first().waitFor();
  await page.route('**/api/v1/session', (route) => route.abort());
  await page.reload();
  await page.getByText('The server does not answer').waitFor();
  await page.unroute('**/api/v1/session');
  await page.locator('.live-call').first().waitFor();
});

test('five hundred calls change without the page falling behind', async (t) => {
  const { server, page } = await visit(t, { kind: 'empty' }, '#/live');
  await page.getByText('It is quiet').waitFor();
  const call = (number, state) => ({
    callSid: `CA${String(number).padStart(32, '0')}`, caller: '+15•••••0001', line: '+15•••••0002', language: 'en-US', state, sentiment: null,
    turns: 1, beganAt: new Date(Date.now() - number * 1000).toISOString(), lastWords: { who: 'caller', text: `words ${number}` }, trigger: null, node: 'a', own: true, phone: false,
  });
  for (let number = 0; number < 500; number += 1) server.tell('call', call(number, 'listening'));
  await page.getByText('500 calls right now').waitFor();
  const busy = await page.evaluate(async () => {
    const { feed } = await import('/console/lib/feed.js');
    const began = performance.now();
    for (let round = 0; round < 4; round += 1) {
      for (const [sid, one] of feed.calls) feed.calls.set(sid, { ...one, state: round % 2 ? 'speaking' : 'thinking', turns: round });
      feed.dispatchEvent(new Event('change'));
    }
    return (performance.now() - began) / 4;
  });
  t.diagnostic(`500 rows drawn anew in ${busy.toFixed(1)} ms`);
  assert.ok(busy < 250, `${busy} ms`);
});
