// A browser, the stand-in for Flex in it with the plugin as it was built, and what every picture has to keep.

import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { globals } from '../../build.mjs';

const require = createRequire(import.meta.url);
const file = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** Where pictures are put. */
export const PICTURES = process.env.PICTURES ?? file('build/pictures');

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export const launch = () => chromium.launch({ executablePath: PLACES.find((path) => path && existsSync(path)), args: FLAGS });

export const task = (name) => JSON.parse(readFileSync(file(`test/tasks/${name}.json`), 'utf8'));

/** Serves what a function answers, on this machine alone. */
export async function serve(answer) {
  const server = createServer((request, response) => {
    const { status = 200, type = 'text/html; charset=utf-8', headers = {}, body = '' } = answer(request);
    response.writeHead(status, { 'content-type': type, ...headers }).end(body);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** The page that Flex is, with the globals that Flex's page has. */
export async function flex() {
  const react = (name) => readFileSync(require.resolve(`${name}/umd/${name}.production.min.js`));
  const { outputFiles } = await build({
    entryPoints: [file('test/host/page.tsx')], bundle: true, write: false, format: 'iife', jsx: 'transform', plugins: [globals],
  });
  const scripts = {
    '/react.js': react('react'), '/react-dom.js': react('react-dom'), '/flex.js': outputFiles[0].text,
    '/plugin-warmline.js': readFileSync(file('build/plugin-warmline.js')),
  };
  const tags = Object.keys(scripts).map((path) => `<script src="${path}"></script>`);
  // Settings are there before a plugin is loaded.
  tags.splice(3, 0, '<script>Object.assign(Twilio.Flex.manager, window.settings)</script>');
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Flex, a stand-in</title><link rel="icon" href="data:,">
    <style>${readFileSync(file('test/host/page.css'), 'utf8')}</style><div id="flex"></div>${tags.join('')}`;
  return serve(({ url }) => (scripts[url] ? { type: 'text/javascript', body: scripts[url] } : { body }));
}

/** A page with Flex in it, whose complaints are kept. */
export async function open(browser, origin, { width = 800, height = 1_000, settings = {} } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor: width < 500 ? 2 : 1 });
  await context.addInitScript((given) => {
    window.settings = { configuration: { warmline: given } };
  }, settings);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => page.complaints.push(error.stack ?? String(error)));
  await page.goto(origin);
  return page;
}

/** What axe finds serious or critical. */
export async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false }));
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`);
}
