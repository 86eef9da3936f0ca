// Every page at both widths and in both colours: a picture to look at, no finding of axe that matters, nothing that
// sticks out at the side, and nothing in the browser's console.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';

import { start } from '../mock/serve.mjs';
import { PICTURES, findings, launch, open } from './chromium.mjs';

const SIZES = { 390: 844, 1440: 900 };
const [CALL, LIVE] = [1, 0x902].map((number) => `CA${number.toString(16).padStart(32, 'c0ffee00d15ea5e0')}`);

/** Which server a page is on, where it is, and what is done on it before it is looked at. */
const PAGES = {
  live: { server: 'busy', hash: '#/live' },
  'live-empty': { server: 'empty', hash: '#/live' },
  'live-whisper': { server: 'busy', hash: '#/live', go: (page) => page.getByRole('button', { name: 'Whisper' }).nth(2).click() },
  calls: { server: 'busy', hash: '#/calls' },
  'calls-empty': { server: 'empty', hash: '#/calls' },
  'calls-none': { server: 'busy', hash: '#/calls?caller=%2B19999999999' },
  call: {
    server: 'busy', hash: `#/calls/${CALL}`,
    async go(page) {
      await page.getByRole('button', { name: 'Steps of answer 2' }).click();
      await page.locator('details.tool summary').first().click();
      await page.locator('details.json summary').first().click();
    },
  },
  'call-live': { server: 'busy', hash: `#/calls/${LIVE}` },
  'call-delete': { server: 'busy', hash: `#/calls/${CALL}`, go: (page) => page.getByRole('button', { name: 'Delete' }).click() },
  handoffs: { server: 'busy', hash: '#/handoffs' },
  'handoffs-empty': { server: 'empty', hash: '#/handoffs' },
  health: { server: 'busy', hash: '#/system' },
  settings: { server: 'busy', hash: '#/system/settings' },
  audit: { server: 'busy', hash: '#/system/audit' },
  'audit-empty': { server: 'empty', hash: '#/system/audit' },
  nowhere: { server: 'busy', hash: '#/nowhere' },
  login: { server: 'locked' },
  'login-wrong': {
    server: 'locked',
    async go(page) {
      await page.getByLabel('Password').fill('guessed');
      await page.keyboard.press('Enter');
      await page.getByText('That is not the password.').waitFor();
    },
  },
  'phone-idle': { server: 'empty', hash: '' },
  'phone-speaking': { server: 'empty', hash: '#/phone', go: speaking },
  'phone-keypad': {
    server: 'empty', hash: '#/phone',
    async go(page) {
      await speaking(page);
      await page.getByRole('button', { name: 'Keypad' }).click();
    },
  },
  'phone-waiting': { server: 'empty', hash: '#/phone', go: waiting },
  'phone-accepted': {
    server: 'empty', hash: '#/phone',
    async go(page) {
      await waiting(page);
      await page.getByRole('button', { name: 'Accept the call' }).click();
      await page.getByText('Connected').waitFor();
      await page.locator('.frames summary').click();
      await page.frameLocator('iframe').getByText('Summary').waitFor();
    },
  },
  'phone-over': {
    server: 'empty', hash: '#/phone',
    async go(page) {
      await waiting(page);
      await page.getByRole('button', { name: 'Hang up' }).click();
      await page.getByText('You hung up.').waitFor();
      await page.locator('.options summary').click();
    },
  },
  desk: { server: 'busy', hash: null },
};

async function speaking(page) {
  await page.getByRole('button', { name: 'Call the agent' }).click();
  await page.locator('.bubble .said', { hasText: 'You are talking' }).waitFor();
}

async function waiting(page) {
  await speaking(page);
  await page.getByRole('button', { name: 'Can I talk to a person?' }).click();
  await page.getByRole('button', { name: 'Accept the call' }).waitFor();
}

let browser;
const servers = {};

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
  servers.busy = await start({ kind: 'busy', desk: true });
  servers.empty = await start({ kind: 'empty', desk: true });
  servers.locked = await start({ locked: true });
});

after(async () => {
  await browser?.close();
  for (const server of Object.values(servers)) await server.close();
});

for (const [name, { server, hash = '', go }] of Object.entries(PAGES)) {
  test(`${name} at ${Object.keys(SIZES).join(' and ')} px, light and dark`, async (t) => {
    const page = await open(browser, { expected: [/status of 401/u] });
    t.after(() => page.context().close());
    await page.goto(servers[server].url + (hash === null ? '/desk/sample' : `/${hash}`));
    await page.locator('h1, h2').first().waitFor();
    await page.locator('.skeleton').waitFor({ state: 'detached' });
    await go?.(page);
    for (const [width, height] of Object.entries(SIZES)) {
      await page.setViewportSize({ width: Number(width), height });
      for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        await settled(page);
        await page.screenshot({ path: `${PICTURES}/${name}-${width}-${scheme}.png` });
        const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(sticksOut <= 0, `${sticksOut} px stick out at ${width}`);
        assert.deepEqual(await findings(page), [], `${width} px, ${scheme}`);
      }
    }
    assert.deepEqual(page.complaints, []);
  });
}

/** Waits until everything that moves once has moved. A browser that draws nothing ends no transition, either. */
const settled = (page) => page.evaluate(() => Promise.race([
  Promise.all(document.getAnimations().filter((one) => one.effect.getTiming().iterations === 1).map((one) => one.finished.catch(() => {}))),
  new Promise((resolve) => setTimeout(resolve, 1000)),
]));
