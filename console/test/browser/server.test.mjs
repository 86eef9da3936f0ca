// The console and its phone against the real server with the embedded agent.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { PICTURES, findings, launch, open } from './chromium.mjs';
import { serve } from './warmline.mjs';

const PASSWORD = 'a made-up password of some length';
const LOCKED = {
  WARMLINE_CONSOLE_PASSWORD: PASSWORD, TWILIO_AUTH_TOKEN: '0123456789abcdef0123456789abcdef', HANDOFF_NUMBER: '+15550100000',
  TWILIO_WORKFLOW_SID: `WW${'0'.repeat(32)}`,
};

let browser;
before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
});
after(() => browser?.close());

const button = (page, name) => page.getByRole('button', { name, exact: true });

async function looked(page, name) {
  await page.screenshot({ path: `${PICTURES}/real-${name}.png`, fullPage: true });
  assert.deepEqual(await findings(page), []);
}

for (const [width, height, scheme] of [[1440, 900, 'light'], [390, 844, 'dark']]) {
  test(`a newcomer calls, asks for a person, and sees all of it, at ${width} px`, async (t) => {
    const server = await serve();
    const page = await open(browser, { width, height, scheme });
    const colleague = await open(browser, { width, height, scheme });
    t.after(async () => {
      await Promise.all([page.context().close(), colleague.context().close()]);
      await server.close();
    });
    t.diagnostic(server.url);

    // Nothing is set and nobody ever called: the phone comes first.
    await page.goto(server.url);
    await page.waitForURL(/#\/phone$/u);
    await colleague.goto(`${server.url}/#/live`);
    await colleague.getByText('It is quiet').waitFor();
    await button(page, 'Call the agent').click();
    await page.locator('.said', { hasText: 'talking to an AI' }).waitFor();

    // Somebody else sees the call as it goes on.
    const row = colleague.locator('.live-call');
    await row.getByText('Agent speaks').waitFor();
    await page.getByLabel('Say something').fill('Where is my parcel?');
    await page.getByText('you interrupted').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('.bubble', { hasText: 'You can see where a parcel is' }).waitFor();
    await row.getByText('You can see where a parcel is').waitFor();
    await looked(page, `phone-${width}`);
    await looked(colleague, `live-${width}`);
    await row.getByRole('link').first().click();
    await colleague.getByText('Live: the page follows the call').waitFor();
    const cut = colleague.locator('li.said', { hasText: 'Hello, this is Northwind Parcel' }).locator('s');
    await cut.waitFor();
    await colleague.locator('li.said', { hasText: 'Where is my parcel?' }).waitFor();

    await button(page, 'Can I talk to a person?').click();
    await button(page, 'Accept the call').waitFor();
    await looked(page, `waiting-${width}`);
    await button(page, 'Accept the call').click();
    const desk = page.frameLocator('iframe');
    await desk.getByRole('heading', { name: 'Summary' }).waitFor();
    await desk.getByText('Where is my parcel?').first().waitFor();
    await looked(page, `accepted-${width}`);
    await button(page, 'End the call').click();
    await page.getByText('The person hung up.').waitFor();
    await page.getByRole('link', { name: 'Transcript and latency' }).click();

    // The waterfall of what was just said.
    await page.getByText('Latency of each answer').waitFor();
    await page.locator('.falls tbody').first().waitFor();
    const first = await page.locator('.figure', { hasText: 'First word' }).locator('dd').first().innerText();
    assert.match(first, /^[\d.]+ (ms|s)$/u);
    await button(page, 'Steps of answer 1').click();
    for (const step of ['Prompt received', 'Model asked', 'First word of the model', 'First frame left', 'Speaking']) {
      await page.locator('.step-list').first().getByText(step, { exact: true }).waitFor();
    }
    await page.locator('.handed h3', { hasText: 'The caller asked for a person' }).waitFor();
    await looked(page, `call-${width}`);

    await page.getByRole('link', { name: 'Hand-offs' }).click();
    await page.locator('.handoff', { hasText: 'The caller asked for a person' }).first().waitFor();
    await looked(page, `handoffs-${width}`);
    await page.getByRole('link', { name: 'Calls', exact: true }).click();
    await page.locator('.row-link').first().waitFor();
    await looked(page, `calls-${width}`);
    for (const [tab, words] of [['health', 'Takes calls'], ['settings', 'WARMLINE_CONSOLE_PASSWORD'], ['audit', 'Nothing to account for']]) {
      await page.goto(`${server.url}/#/system/${tab}`);
      await page.getByText(words).first().waitFor();
      await looked(page, `${tab}-${width}`);
    }
    assert.deepEqual([page.complaints, colleague.complaints], [[], []]);
  });
}

test('behind a password: a call is minted, whispered to, handed over by an operator, and accounted for', async (t) => {
  const server = await serve(LOCKED);
  const page = await open(browser, { expected: [/status of 401/u] });
  t.after(async () => {
    await page.context().close();
    await server.close();
  });
  await page.goto(`${server.url}/#/phone`);
  await page.getByLabel('Password').fill('guessed');
  await page.keyboard.press('Enter');
  await page.getByText('That is not the password.').waitFor();
  await page.getByLabel('Password').fill(PASSWORD);
  await page.keyboard.press('Enter');
  await button(page, 'Call the agent').click();
  await page.locator('.said', { hasText: 'How can I help?' }).waitFor();

  // The telephone goes on in this page, while its operator acts in the same one.
  await page.getByRole('link', { name: /^Live/u }).click();
  const row = page.locator('.live-call');
  await row.getByText('Browser phone').waitFor();
  await row.getByRole('button', { name: 'Whisper' }).click();
  await page.getByLabel('Note').fill('The parcel was found.');
  await page.getByRole('dialog').getByRole('button', { name: 'Whisper' }).click();
  await page.getByText('The agent has your note for the next question.').waitFor();
  await row.getByRole('button', { name: 'Hand to a person' }).click();
  await page.getByLabel('Reason, for the person who takes it').fill('refund above the limit');
  await button(page, 'Hand over').click();
  await page.getByText('The agent is handing the call over.').waitFor();
  await row.getByText('Waiting for a person').waitFor();
  await page.getByRole('link', { name: /On the line/u }).click();
  await page.locator('.task', { hasText: 'refund above the limit' }).waitFor();

  // Nobody is free, nobody picks up: a message is left.
  await button(page, 'Nobody is free').click();
  await page.getByText('+15550100000 rings.').waitFor();
  await button(page, 'Let it ring').click();
  await page.locator('.bubble', { hasText: 'leave a message' }).waitFor();
  await button(page, 'End the message').click();
  await page.locator('.bubble', { hasText: 'Thank you. We will call you back.' }).waitFor();
  await page.getByText('The server hung up.').waitFor();

  await page.getByRole('link', { name: 'Transcript and latency' }).click();
  await page.getByText('Left a message').waitFor();
  await button(page, 'Show number').click();
  await button(page, 'Show it').click();
  await page.getByRole('heading', { name: /^\+1\d+$/u }).waitFor();
  await page.goto(`${server.url}/#/system/audit`);
  for (const what of ['Number shown', 'Handed to a person', 'Whispered']) await page.getByText(what).first().waitFor();
  await looked(page, 'audit-rows-1440');
  await button(page, 'Sign out').click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test('a call survives its socket, and is deleted for good', async (t) => {
  const server = await serve();
  const page = await open(browser);
  t.after(async () => {
    await page.context().close();
    await server.close();
  });
  await page.goto(`${server.url}/#/phone`);
  await button(page, 'Call the agent').click();
  await page.locator('.said', { hasText: 'talking' }).waitFor();
  await page.evaluate(async () => {
    const { handset } = await import('/console/phone/handset.js');
    handset.line.socket.close(4000);
  });
  await page.locator('.talk-note', { hasText: 'The line dropped.' }).waitFor();
  await page.locator('.bubble', { hasText: 'we were cut off' }).waitFor();
  await button(page, 'Keypad').click();
  await page.keyboard.press('0');
  await button(page, 'Accept the call').waitFor();
  await button(page, 'Hang up').click();
  await page.getByText('You hung up.').waitFor();
  await page.getByRole('link', { name: 'Transcript and latency' }).click();
  await page.getByText('The line dropped, and the call was connected again.').waitFor();
  await button(page, 'Delete').click();
  await button(page, 'Delete for good').click();
  await page.getByText('No calls yet').waitFor();
  assert.deepEqual(page.complaints, []);
});
