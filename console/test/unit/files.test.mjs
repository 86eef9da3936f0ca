// What holds for the files themselves.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { text } from '../../text.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

async function files(folder = ROOT) {
  const entries = await readdir(folder, { withFileTypes: true });
  const nested = entries.filter(({ name }) => folder !== ROOT || name !== 'test')
    .map((entry) => (entry.isDirectory() ? files(join(folder, entry.name)) : [relative(ROOT, join(folder, entry.name))]));
  return (await Promise.all(nested)).flat();
}

const read = (file) => readFile(join(ROOT, file), 'utf8');
/** A script without what is said about it. */
const code = (script) => script.replaceAll(/^\s*(\/\/|\*|\/\*).*$/gmu, '');

/** The modules that a module brings along, itself first. */
async function modules(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, path] of (await read(file)).matchAll(/from '(\.[^']+)'/gu)) await modules(normalize(join(dirname(file), path)), seen);
  return seen;
}

test('the page asks for all its modules at once, and there is none that it does not use', async () => {
  const page = await read('index.html');
  const preloaded = [...page.matchAll(/modulepreload" href="\/console\/([^"]+)"/gu)].map(([, file]) => file);
  const used = await modules('main.js');
  assert.deepEqual([...preloaded].sort(), [...used].filter((file) => file !== 'main.js').sort());
  const written = (await files()).filter((file) => file.endsWith('.js') && file !== 'theme.js');
  assert.deepEqual(written.sort(), [...used].sort());
  const styles = (await files()).filter((file) => file.startsWith('css/'));
  for (const style of styles) assert.ok(page.includes(`/console/${style}`), style);
});

test('nothing comes from elsewhere, and nothing is written where the policy forbids it', async () => {
  for (const file of (await files()).filter((name) => /\.(js|css|html)$/u.test(name))) {
    const content = await read(file);
    const addresses = code(content).match(/https?:\/\/[^\s'"`)]+/gu) ?? [];
    assert.deepEqual(addresses.filter((url) => !/^http:\/\/www\.w3\.org|^https:\/\/api\.twilio\.com/u.test(url)), [], file);
    if (file.endsWith('.html')) assert.doesNotMatch(content, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/u, file);
    if (file.endsWith('.js')) assert.equal(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/u.test(code(content)), false, file);
    assert.ok(content.split('\n').length <= 560, `${file} is long`);
  }
});

test('English is in one file', async () => {
  // Two words after one another within quotes: in a script that is a sentence for somebody.
  const sentence = /(['`])[A-Z][a-z]+ [a-z]+[^'`\n]*\1/u;
  for (const file of (await files()).filter((name) => name.endsWith('.js') && name !== 'text.js')) {
    const found = (await read(file)).split('\n').filter((line) => sentence.test(line) && !/^\s*(\/\/|\*|\/\*)/u.test(line));
    // What Twilio itself says on the wire is no text of ours.
    assert.deepEqual(found.filter((line) => !/Closing websocket|Websocket ended|Invalid message received|Liberation/u.test(line)), [], file);
  }
  assert.equal(typeof text.live.title, 'string');
});

test('every text that is asked for is there', async () => {
  const missing = [];
  for (const file of (await files()).filter((name) => name.endsWith('.js') && name !== 'text.js')) {
    const content = code(await read(file));
    if (!content.includes("text.js'")) continue;
    const [, base = ''] = /^const words = text\.([\w.]+);/mu.exec(content) ?? [];
    const asked = [...content.matchAll(/(?<![\w./])text\.([a-zA-Z_]+(?:\.[a-zA-Z_]+)*)/gu)].map(([, path]) => path);
    if (base) asked.push(...[...content.matchAll(/(?<![\w.])words\.([a-zA-Z_]+(?:\.[a-zA-Z_]+)*)/gu)].map(([, path]) => `${base}.${path}`));
    for (const path of asked) {
      let value = text;
      for (const key of path.split('.')) {
        // Beyond a string or a function come its own methods.
        if (typeof value !== 'object' || Array.isArray(value)) break;
        value = value[key];
        if (value === undefined) break;
      }
      if (value === undefined) missing.push(`${file}: text.${path}`);
    }
  }
  assert.deepEqual(missing, []);
});
