import React from 'react';
import { Badge } from '@twilio-paste/core/badge';
import { Box } from '@twilio-paste/core/box';
import { Heading } from '@twilio-paste/core/heading';
import { Text } from '@twilio-paste/core/text';
import { ErrorIcon } from '@twilio-paste/icons/esm/ErrorIcon';
import { NeutralIcon } from '@twilio-paste/icons/esm/NeutralIcon';
import { SuccessIcon } from '@twilio-paste/icons/esm/SuccessIcon';
import { WarningIcon } from '@twilio-paste/icons/esm/WarningIcon';

import type { Handoff, Mood } from '../handoff';
import { MOODS, VERIFIED, languageName } from '../words';
import { MOOD_COLOURS } from './mood';

const ICONS: Record<Mood, typeof ErrorIcon> = { negative: ErrorIcon, neutral: NeutralIcon, positive: SuccessIcon };

interface HeadProps {
  readonly handoff: Handoff;
  readonly headingId: string;
}

/** What is read in the first two seconds. */
export function Head({ handoff, headingId }: HeadProps): React.ReactElement {
  const { mood, reason, reasonCode, trigger, topic } = handoff;
  return (
    <Box
      as="header"
      padding="space50"
      backgroundColor={MOOD_COLOURS[mood ?? 'neutral'].background}
      borderBottomStyle="solid"
      borderBottomWidth="borderWidth10"
      borderBottomColor="colorBorderWeak"
    >
      <Box display="flex" flexWrap="wrap" columnGap="space30" rowGap="space20" marginBottom="space30">
        {trigger === 'emergency' && (
          <Badge as="span" variant="error">
            <WarningIcon decorative size="sizeIcon10" />
            Emergency
          </Badge>
        )}
        <MoodBadge mood={mood} />
        {topic !== undefined && (
          <Badge as="span" variant="neutral">
            <bdi>{topic}</bdi>
          </Badge>
        )}
      </Box>
      <Heading as="h3" variant="heading30" marginBottom="space0" id={headingId}>
        <bdi>{reason ?? reasonCode ?? 'No reason given'}</bdi>
      </Heading>
      <Who handoff={handoff} />
    </Box>
  );
}

/** A badge would have the ground that it stands on. */
function MoodBadge({ mood }: { readonly mood: Mood | undefined }): React.ReactElement {
  const { border, text } = MOOD_COLOURS[mood ?? 'neutral'];
  const Icon = mood && ICONS[mood];
  return (
    <Box
      as="span"
      display="inline-flex"
      alignItems="center"
      columnGap="space20"
      paddingX="space30"
      paddingY="space10"
      color={text}
      backgroundColor="colorBackgroundBody"
      borderStyle="solid"
      borderWidth="borderWidth10"
      borderColor={border}
      borderRadius="borderRadiusPill"
      fontSize="fontSize20"
      lineHeight="lineHeight10"
      fontWeight="fontWeightSemibold"
    >
      {Icon && <Icon decorative size="sizeIcon10" />}
      {mood === undefined ? 'Mood not known' : MOODS[mood]}
    </Box>
  );
}

const TRUST = { yes: 'colorTextSuccess', no: 'colorTextError', unknown: 'colorTextWeak' } as const;

function Who({ handoff: { name, phone, language, verified } }: { readonly handoff: Handoff }): React.ReactElement {
  const trust = verified === undefined ? undefined : VERIFIED[verified];
  return (
    <Box marginTop="space30" display="flex" flexWrap="wrap" columnGap="space50" rowGap="space10">
      <Text as="span" fontWeight="fontWeightSemibold">
        <bdi>{name ?? phone ?? 'Unknown caller'}</bdi>
      </Text>
      {name !== undefined && phone !== undefined && (
        <Text as="span" fontVariantNumeric="tabular-nums">
          <bdi>{phone}</bdi>
        </Text>
      )}
      {language !== undefined && (
        <Text as="span">
          Speaks <bdi>{languageName(language)}</bdi>
        </Text>
      )}
      {trust !== undefined && (
        <Text as="span" color={TRUST[trust.trust]} fontWeight={trust.trust === 'no' ? 'fontWeightSemibold' : 'fontWeightNormal'} title={trust.long}>
          {trust.short}
        </Text>
      )}
    </Box>
  );
}
