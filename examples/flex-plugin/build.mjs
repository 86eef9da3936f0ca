// Builds what Flex loads: one script that calls Twilio.Flex.Plugins.init, with Flex, React and Redux taken from the page.
//
// Twilio's own builder (@twilio/flex-plugin-scripts, webpack 4) makes the same of these sources; the names below are
// those that it defines. https://github.com/twilio/flex-plugin-builder

import { readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const require = createRequire(import.meta.url);
const pack = JSON.parse(await readFile(`${HERE}package.json`, 'utf8'));
const version = (name) => require(`${name}/package.json`).version;

/** Flex refuses plugins of 10 MB. This one has to load in a moment. */
const MOST_BYTES = 600_000;

const flex = `window.Twilio.FlexProxy && window.Twilio.FlexProxy[${JSON.stringify(pack.name)}] || window.Twilio.Flex`;
/** What the page that Flex is in has already, and under which name. */
export const GLOBALS = {
  '@twilio/flex-ui': flex,
  react: 'window.React',
  'react-dom': 'window.ReactDOM',
  redux: 'window.Redux',
  'react-redux': 'window.ReactRedux',
};

export const globals = {
  name: 'globals',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(@twilio\/flex-ui|react|react-dom|redux|react-redux)$/ }, ({ path }) => ({ path, namespace: 'global' }));
    onLoad({ filter: /.*/, namespace: 'global' }, ({ path }) => ({ contents: `module.exports = ${GLOBALS[path]};` }));
  },
};

export async function bundle() {
  const outfile = `${HERE}build/${pack.name}.js`;
  await rm(`${HERE}build`, { recursive: true, force: true });
  await build({
    entryPoints: [`${HERE}src/index.ts`],
    outfile,
    bundle: true,
    format: 'iife',
    platform: 'browser',
    target: ['chrome109', 'firefox115', 'safari16'],
    jsx: 'transform',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    charset: 'ascii',
    logLevel: 'warning',
    plugins: [globals],
    define: {
      'process.env.NODE_ENV': '"production"',
      __FPB_PLUGIN_UNIQUE_NAME: JSON.stringify(pack.name),
      __FPB_PLUGIN_VERSION: JSON.stringify(pack.version),
      __FPB_FLEX_PLUGIN_SCRIPTS_VERSION: JSON.stringify(version('@twilio/flex-plugin')),
      __FPB_FLEX_PLUGIN_VERSION: JSON.stringify(version('@twilio/flex-plugin')),
      __FPB_FLEX_UI_VERSION: JSON.stringify(version('@twilio/flex-ui')),
      __FPB_REACT_VERSION: JSON.stringify(version('react')),
      __FPB_REACT_DOM_VERSION: JSON.stringify(version('react-dom')),
    },
  });
  const { size } = await stat(outfile);
  if (size > MOST_BYTES) throw new Error(`${outfile} has ${size} bytes, more than ${MOST_BYTES}`);
  return { outfile, size };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { outfile, size } = await bundle();
  console.log(`${outfile}: ${size} bytes`);
}
