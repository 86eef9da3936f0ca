/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'jsdom',
  testMatch: ['<rootDir>/test/unit/**/*.test.{ts,tsx}'],
  setupFilesAfterEnv: ['<rootDir>/test/unit/setup.ts'],
  transform: { '\\.tsx?$': ['@swc/jest', { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2022' } }] },
  moduleNameMapper: {
    // Flex is a stand-in: the real one is a page of its own, which signs in before it shows anything.
    '^@twilio/flex-ui$': '<rootDir>/test/host/flex.tsx',
    '^@twilio-paste/icons/esm/(.*)$': '@twilio-paste/icons/cjs/$1',
  },
  globals: {
    __FPB_PLUGIN_UNIQUE_NAME: 'plugin-warmline',
    __FPB_PLUGIN_VERSION: '0.0.0',
    __FPB_FLEX_PLUGIN_SCRIPTS_VERSION: '0.0.0',
    __FPB_FLEX_PLUGIN_VERSION: '0.0.0',
    __FPB_FLEX_UI_VERSION: '0.0.0',
    __FPB_REACT_VERSION: '0.0.0',
    __FPB_REACT_DOM_VERSION: '0.0.0',
  },
};
