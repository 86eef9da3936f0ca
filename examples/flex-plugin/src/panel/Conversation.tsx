import React from 'react';
import { Box } from '@twilio-paste/core/box';
import { Text } from '@twilio-paste/core/text';
import { useUID } from '@twilio-paste/core/uid-library';

import type { Line } from '../handoff';
import { Title } from './Title';

/** What was said last, oldest first; nothing at all where it is not known. */
export function Conversation({ lines }: { readonly lines: readonly Line[] }): React.ReactElement | null {
  const id = useUID();
  if (lines.length === 0) return null;
  return (
    <Box minWidth="0">
      <Title id={id}>What was said last</Title>
      <Box as="ol" margin="space0" padding="space0" listStyleType="none" display="grid" rowGap="space40" aria-labelledby={id}>
        {lines.map(({ who, text }, place) => (
          <Box
            as="li"
            key={place}
            paddingLeft="space40"
            borderLeftStyle="solid"
            borderLeftWidth="borderWidth20"
            borderLeftColor={who === 'caller' ? 'colorBorderStrong' : 'colorBorderPrimaryWeak'}
          >
            <Text as="p" color="colorTextWeak" fontSize="fontSize20" lineHeight="lineHeight20" fontWeight="fontWeightSemibold">
              {who === 'caller' ? 'Caller' : 'Assistant'}
            </Text>
            <Text as="p" dir="auto" fontSize="fontSize30" lineHeight="lineHeight30">
              {text}
            </Text>
          </Box>
        ))}
      </Box>
    </Box>
  );
}
