import React from 'react';
import { Box } from '@twilio-paste/core/box';
import { Heading } from '@twilio-paste/core/heading';

interface TitleProps {
  readonly id?: string;
  readonly children: string;
}

/** What a part of the panel is about. */
export function Title({ id, children }: TitleProps): React.ReactElement {
  return (
    <Box marginBottom="space20">
      <Heading as="h4" variant="heading50" marginBottom="space0" {...(id === undefined ? {} : { id })}>
        {children}
      </Heading>
    </Box>
  );
}
