// The plugin as it was built, in every place that it has in Flex, at both widths and in both themes: a picture to look at,
// the mood and the reason first, no finding of axe that matters, nothing that sticks out at the side, nothing that the
// browser complains about.

import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';

import { PICTURES, findings, flex, launch, open, serve, task } from './chromium.mjs';

const SIZES = [360, 800];
const THEMES = ['default', 'dark'];
const MOODS = { negative: 'Upset', neutral: 'Neutral', positive: 'Friendly' };

const { reasonCode, reason, callSummary, sentiment } = task('quoted');
const LONG = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft';
const hostile = task('billing');
Object.assign(hostile, { name: '<img src=x onerror=alert(1)>', reason: '</h3><script>alert(1)</script> \u202egnorw', callSummary: `${LONG.repeat(9)} {{task.name}} ${'long '.repeat(240)}` });
Object.assign(hostile.warmline, { topic: LONG.slice(0, 64), memory: { [LONG.slice(0, 40)]: LONG.repeat(2), script: '<script>alert(2)</script>' } });

/** Which place, what it is to show, and at which status of the task. */
const SHOWN = {
  incoming: { view: 'incoming', attributes: task('billing'), status: 'pending' },
  call: { view: 'call', attributes: task('billing'), status: 'accepted' },
  'call-hostile': { view: 'call', attributes: hostile, status: 'accepted' },
  'call-friendly': { view: 'call', attributes: task('friendly'), status: 'accepted' },
  tab: { view: 'call', attributes: task('billing'), status: 'accepted', tab: 'Hand-off' },
  'tab-hostile': { view: 'call', attributes: hostile, status: 'accepted', tab: 'Hand-off' },
  wrapup: { view: 'call', attributes: task('quoted'), status: 'wrapping' },
  'wrapup-partial': { view: 'call', attributes: { name: 'Jane Doe', reasonCode, reason, callSummary, sentiment }, status: 'wrapping' },
  supervisor: { view: 'supervisor', attributes: task('friendly'), status: 'accepted' },
};

let browser;
let host;

before(async () => {
  await mkdir(PICTURES, { recursive: true });
  browser = await launch();
  host = await flex();
});

after(async () => {
  await browser?.close();
  await host?.close();
});

/** Shows a task, and waits until it is there. */
async function show(page, { view, attributes, status, tab }, theme = 'default') {
  await page.evaluate((shown) => window.show(shown), { view, theme, task: { attributes, status } });
  if (tab) await page.getByRole('tab', { name: tab }).click();
  await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)));
}

// Two at a time: most of it is waiting.
describe('pictures', { concurrency: 2 }, () => {
  for (const [name, shown] of Object.entries(SHOWN)) {
    test(`${name} at ${SIZES.join(' and ')} px, light and dark`, async (t) => {
      for (const width of SIZES) {
        const page = await open(browser, host.origin, { width });
        t.after(() => page.context().close());
        for (const theme of THEMES) {
          await show(page, shown, theme);
          const panel = page.getByRole('region', { name: shown.attributes.reason.split('\u202e')[0].trim() });
          const [badge, heading, summary] = await Promise.all([
            panel.getByText(MOODS[shown.attributes.sentiment], { exact: true }).boundingBox(),
            panel.getByRole('heading', { level: 3 }).boundingBox(),
            panel.getByRole('heading', { name: 'What happened' }).boundingBox(),
          ]);
          assert.ok(badge.y < heading.y && heading.y < summary.y, 'the mood, then why, then what happened');
          const { y: top } = await panel.boundingBox();
          assert.ok(heading.y - top < 120, 'both at the top');
          await page.screenshot({ path: `${PICTURES}/${name}-${width}-${theme === 'dark' ? 'dark' : 'light'}.png`, fullPage: true });
          const sticksOut = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
          assert.equal(sticksOut, 0, `${theme} at ${width}: ${sticksOut} px stick out`);
          // Colours and names are the same at every width.
        if (width === SIZES[0]) assert.deepEqual(await findings(page), [], theme);
        }
        assert.deepEqual(page.complaints, []);
      }
    });
  }
});

test('what is hostile is text, and nothing of it ran', async (t) => {
  const page = await open(browser, host.origin);
  t.after(() => page.context().close());
  page.on('dialog', () => assert.fail('a script ran'));
  await show(page, SHOWN['tab-hostile']);
  await page.getByText('<img src=x onerror=alert(1)>').waitFor();
  await page.getByText('<script>alert(2)</script>').waitFor();
  assert.equal(await page.locator('#flex :is(img, script, iframe)').count(), 0);
});

test('a task that the assistant had nothing to do with looks as it always did', async (t) => {
  const page = await open(browser, host.origin);
  t.after(() => page.context().close());
  for (const attributes of [undefined, {}, { name: '+15551230000', type: 'inbound', reason: 'sales' }]) {
    for (const view of ['incoming', 'call', 'supervisor']) {
      await show(page, { view, attributes, status: 'accepted' });
      assert.equal(await page.locator('[data-mood]').count(), 0);
    }
    await show(page, { view: 'call', attributes, status: 'accepted' });
    assert.deepEqual(await page.getByRole('tab').allTextContents(), ['Call', 'Info']);
  }
  assert.deepEqual(page.complaints, []);
});

test('the tab is behind the call while that lasts, and in front of it afterwards', async (t) => {
  const page = await open(browser, host.origin);
  t.after(() => page.context().close());
  await show(page, SHOWN.call);
  assert.deepEqual(await page.getByRole('tab').allTextContents(), ['Call', 'Info', 'Hand-off']);
  await show(page, SHOWN.wrapup);
  assert.deepEqual(await page.getByRole('tab').allTextContents(), ['Hand-off', 'Call', 'Info']);
});

test('the desk is framed where the settings say so: styled, without scripts, and not told where it is', async (t) => {
  const asked = [];
  const css = await readFile(process.env.DESK_CSS ?? new URL('../../../../console/desk.css', import.meta.url));
  // The headers of src/console/headers.rs.
  const desk = await serve(({ url, headers }) => {
    asked.push({ url, referer: headers.referer });
    const usual = { 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' };
    if (url.endsWith('.css')) return { type: 'text/css', headers: usual, body: css };
    const policy = `default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'self' ${host.origin}`;
    return {
      headers: { ...usual, 'content-security-policy': policy },
      body: `<!doctype html><html lang="en"><title>Desk</title><link rel="stylesheet" href="/console/desk.css">
        <header data-mood="negative"><h1>Jane Doe</h1><p class="reason">The desk page</p></header>`,
    };
  });
  t.after(() => desk.close());
  const attributes = task('billing');
  attributes.warmline.deskUrl = `${desk.origin}/desk/signed`;
  const shown = { ...SHOWN.tab, attributes };

  const page = await open(browser, host.origin, { settings: { desk: 'frame', deskOrigins: [desk.origin] } });
  t.after(() => page.context().close());
  await show(page, shown);
  const frame = page.frameLocator('iframe[title="The whole conversation"]');
  await frame.getByText('The desk page').waitFor();
  const weight = await frame.locator('h1').evaluate((heading) => getComputedStyle(heading).fontWeight);
  assert.equal(weight, '650', 'its style sheet was loaded');
  await page.screenshot({ path: `${PICTURES}/frame-800-light.png`, fullPage: true });
  assert.deepEqual(asked.map(({ referer }) => referer), asked.map(() => undefined));
  const sandbox = await page.locator('iframe').getAttribute('sandbox');
  assert.equal(sandbox, 'allow-same-origin');
  assert.deepEqual(page.complaints, []);

  const linked = await open(browser, host.origin);
  t.after(() => linked.context().close());
  await show(linked, shown);
  assert.equal(await linked.locator('iframe').count(), 0, 'without settings there is a link alone');
  const link = linked.getByRole('link', { name: /Open the whole conversation/u });
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer');
});
