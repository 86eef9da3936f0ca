// A browser for the tests, and what every page has to keep: no error in its console, nothing its policy refuses.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

/** Where pictures are put. */
export const PICTURES = process.env.PICTURES ?? fileURLToPath(new URL('../../../target/console/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const PLACES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

export const launch = () => chromium.launch({ executablePath: PLACES.find((path) => path && existsSync(path)), args: FLAGS });

/** A page whose complaints are kept. What a server refuses on purpose is named in `expected`. */
export async function open(browser, { width = 1440, height = 900, scheme = 'light', expected = [], ...more } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, colorScheme: scheme, deviceScaleFactor: width < 500 ? 2 : 1, acceptDownloads: true,
    permissions: ['clipboard-read', 'clipboard-write'], ...more,
  });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
    });
  });
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    const words = `${message.text()} ${message.location().url}`;
    if (['error', 'warning'].includes(message.type()) && !expected.some((one) => one.test(words))) page.complaints.push(words);
  });
  page.on('pageerror', (error) => page.complaints.push(error.stack ?? String(error)));
  return page;
}

/** What axe finds serious or critical. */
export async function findings(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], iframes: false }));
  return violations.filter(({ impact }) => ['serious', 'critical'].includes(impact))
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join(' | ')}`);
}
