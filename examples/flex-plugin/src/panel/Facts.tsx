import React from 'react';
import { Box } from '@twilio-paste/core/box';
import { Text } from '@twilio-paste/core/text';
import { useUID } from '@twilio-paste/core/uid-library';

import type { Fact, Handoff } from '../handoff';
import { VERIFIED, triggerWords, withAssistant } from '../words';
import { Title } from './Title';

interface FactsProps {
  readonly title: string;
  readonly facts: readonly Fact[];
  /** Whether the values are what the eye is to find. */
  readonly strong?: boolean;
}

/** Names and values; nothing at all where there are none. */
export function Facts({ title, facts, strong = false }: FactsProps): React.ReactElement | null {
  const id = useUID();
  if (facts.length === 0) return null;
  return (
    <Box minWidth="0">
      <Title id={id}>{title}</Title>
      <Box as="dl" margin="space0" aria-labelledby={id}>
        {facts.map(([name, value], place) => (
          <Box
            key={`${place} ${name}`}
            display="grid"
            gridTemplateColumns="minmax(6rem, 2fr) 3fr"
            columnGap="space40"
            paddingY="space20"
            borderBottomStyle="solid"
            borderBottomWidth={place === facts.length - 1 ? 'borderWidth0' : 'borderWidth10'}
            borderBottomColor="colorBorderWeaker"
          >
            <Text as="dt" dir="auto" color="colorTextWeak" fontSize="fontSize30" lineHeight="lineHeight30">
              {name}
            </Text>
            <Text
              as="dd"
              dir="auto"
              margin="space0"
              fontSize="fontSize30"
              lineHeight="lineHeight30"
              fontWeight={strong ? 'fontWeightSemibold' : 'fontWeightNormal'}
              fontVariantNumeric="tabular-nums"
            >
              {value}
            </Text>
          </Box>
        ))}
      </Box>
    </Box>
  );
}

/** What is known of the call itself. */
export function CallFacts({ handoff }: { readonly handoff: Handoff }): React.ReactElement | null {
  const { verified, known, trigger, reasonCode, line, callSid } = handoff;
  const rows: (readonly [string, string | undefined])[] = [
    ['Number', verified && VERIFIED[verified].long],
    ['Profile', known === undefined ? undefined : known ? 'There is one of this line' : 'None of this line'],
    ['What led here', trigger && triggerWords(trigger)],
    ['Reason code', reasonCode],
    ['With the assistant', withAssistant(handoff)],
    ['Called', line],
    ['Call', callSid],
  ];
  const facts = rows.flatMap(([name, value]): Fact[] => (value === undefined ? [] : [[name, value]]));
  return <Facts title="The call" facts={facts} />;
}
