import '@testing-library/jest-dom';

import * as Flex from '../host/flex';

beforeEach(() => {
  Flex.reset();
});
