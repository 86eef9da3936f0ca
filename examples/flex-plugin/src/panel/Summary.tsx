import React, { useState } from 'react';
import { Box } from '@twilio-paste/core/box';
import { Button } from '@twilio-paste/core/button';
import { Text } from '@twilio-paste/core/text';

import type { Handoff } from '../handoff';
import { beginning } from '../words';
import { Title } from './Title';

/** About six lines in a narrow panel: the controls of the call stand below. */
const CHARACTERS_AT_A_GLANCE = 240;

interface SummaryProps {
  readonly handoff: Handoff;
  /** Whether there is room for all of it. */
  readonly whole: boolean;
}

export function Summary({ handoff: { summary, quoted }, whole }: SummaryProps): React.ReactElement {
  const [opened, open] = useState(false);
  const shown = summary === undefined || whole || opened ? summary : beginning(summary, CHARACTERS_AT_A_GLANCE);
  return (
    <Box minWidth="0">
      <Title>What happened</Title>
      {shown === undefined ? (
        <Text as="p" color="colorTextWeak">
          There is no summary. Ask the caller how you can help.
        </Text>
      ) : (
        <Text as="p" dir="auto" fontSize="fontSize40" lineHeight="lineHeight40" whiteSpace="pre-line">
          {shown}
        </Text>
      )}
      {shown !== summary && (
        <Button variant="link" onClick={() => { open(true); }}>
          Show all of it
        </Button>
      )}
      {quoted && (
        <Text as="p" marginTop="space20" color="colorTextWeak" fontSize="fontSize20" lineHeight="lineHeight20">
          Quoted from the call; no model wrote it.
        </Text>
      )}
    </Box>
  );
}
