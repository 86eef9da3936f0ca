import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import { defineConfig } from 'eslint/config';
import ts from 'typescript-eslint';

const NODE = { console: 'readonly', process: 'readonly', URL: 'readonly', module: 'writable' };
// Functions that run in the page.
const PAGE = { document: 'readonly', window: 'readonly', getComputedStyle: 'readonly' };

export default defineConfig(
  { ignores: ['build', 'node_modules'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [ts.configs.strictTypeChecked, ts.configs.stylisticTypeChecked, hooks.configs['recommended-latest']],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Checked by the compiler, which asks for the brackets.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // What a Task holds is text, also where it looks like markup.
      'no-restricted-syntax': ['error', { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'A Task holds text.' }],
    },
  },
  { files: ['*.js', '*.mjs', 'test/browser/*.mjs'], languageOptions: { globals: { ...NODE, ...PAGE } } },
);
