// What the assistant hands over, for somebody who reads it while saying hello: the mood and why first, then who, then what
// happened. Everything that came with the Task is text here, with a direction of its own.

import React from 'react';
import { Anchor } from '@twilio-paste/core/anchor';
import { Box } from '@twilio-paste/core/box';
import { Text } from '@twilio-paste/core/text';
import { useUID } from '@twilio-paste/core/uid-library';

import type { Handoff } from '../handoff';
import { deskUse, type Settings } from '../settings';
import { Conversation } from './Conversation';
import { DeskFrame } from './DeskFrame';
import { CallFacts, Facts } from './Facts';
import { Head } from './Head';
import { MOOD_COLOURS } from './mood';
import { Summary } from './Summary';

export interface PanelProps {
  readonly handoff: Handoff;
  readonly settings: Settings;
  /** `glance` has its place beside the controls of a call; `full` has a tab of its own. */
  readonly depth: 'glance' | 'full';
}

export function Panel({ handoff, settings, depth }: PanelProps): React.ReactElement {
  const id = useUID();
  const full = depth === 'full';
  const desk = deskUse(handoff.deskUrl, settings);
  const framed = full && desk === 'frame';
  const alone = framed && handoff.facts.length === 0 && handoff.traits.length === 0;
  return (
    <Box
      as="section"
      aria-labelledby={id}
      element="WARMLINE_PANEL"
      data-mood={handoff.mood ?? 'unknown'}
      boxSizing="border-box"
      width="100%"
      minWidth="0"
      textAlign="left"
      overflowWrap="anywhere"
      backgroundColor="colorBackgroundBody"
      borderStyle="solid"
      borderColor="colorBorderWeak"
      borderWidth="borderWidth10"
      borderLeftWidth="borderWidth40"
      borderLeftColor={MOOD_COLOURS[handoff.mood ?? 'neutral'].border}
      borderRadius="borderRadius30"
    >
      <Head handoff={handoff} headingId={id} />
      <Box padding="space50" display="grid" rowGap="space60" columnGap="space70" gridTemplateColumns={full && !alone ? COLUMNS : ONE}>
        <Summary handoff={handoff} whole={full} />
        <Known handoff={handoff} full={full} />
        {full && !framed && <Conversation lines={handoff.transcript} />}
        {full && !framed && <CallFacts handoff={handoff} />}
        {desk !== 'none' && handoff.deskUrl !== undefined && (
          <Box gridColumn="1 / -1" minWidth="0">
            {framed && <DeskFrame url={handoff.deskUrl} />}
            <Anchor href={handoff.deskUrl} target="_blank" rel="noopener noreferrer" showExternal>
              {framed ? 'Open in a new tab' : 'Open the whole conversation'}
            </Anchor>
          </Box>
        )}
        {handoff.newer && (
          <Box gridColumn="1 / -1">
            <Text as="p" color="colorTextWeak" fontSize="fontSize20" lineHeight="lineHeight20">
              This was written by a newer Warmline. Update the plugin to see all of it.
            </Text>
          </Box>
        )}
      </Box>
    </Box>
  );
}

/** Two columns where there is room for both, never three. */
const COLUMNS = 'repeat(auto-fit, minmax(min(100%, max(17rem, 40%)), 1fr))';
const ONE = 'minmax(0, 1fr)';
/** The others are in the tab. */
const FACTS_AT_A_GLANCE = 4;

/** What was remembered, and what is known of the line. */
function Known({ handoff, full }: { readonly handoff: Handoff; readonly full: boolean }): React.ReactElement | null {
  const traits = full ? handoff.traits : [];
  if (handoff.facts.length === 0 && traits.length === 0) return null;
  return (
    <Box display="grid" rowGap="space60" alignContent="start" minWidth="0">
      <Facts title="Told to the assistant" facts={full ? handoff.facts : handoff.facts.slice(0, FACTS_AT_A_GLANCE)} strong />
      <Facts title="Known about this line" facts={traits} />
    </Box>
  );
}
