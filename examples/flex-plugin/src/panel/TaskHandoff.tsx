import React, { useMemo } from 'react';
import { withTaskContext, type ITask } from '@twilio/flex-ui';
import { Box } from '@twilio-paste/core/box';
import { Text } from '@twilio-paste/core/text';

import { readHandoff } from '../handoff';
import type { Settings } from '../settings';
import { Guard } from './Guard';
import { Panel, type PanelProps } from './Panel';

export interface TaskHandoffProps {
  readonly task?: ITask | undefined;
  readonly depth: PanelProps['depth'];
  readonly warmline: Settings;
  /** Read by Flex, for a place that is a tab. */
  readonly label?: string;
  readonly uniqueName?: string;
}

function Reading({ task, depth, warmline }: TaskHandoffProps): React.ReactElement | null {
  const attributes: unknown = task?.attributes;
  const handoff = useMemo(() => readHandoff(attributes), [attributes]);
  if (handoff !== undefined) {
    return (
      <Box padding="space40" boxSizing="border-box" width="100%" maxHeight="100%" overflowY={depth === 'full' ? 'auto' : 'visible'}>
        <Panel handoff={handoff} settings={warmline} depth={depth} />
      </Box>
    );
  }
  // A tab that is open says why it is empty; elsewhere Flex's own words are enough.
  if (depth === 'glance') return null;
  return (
    <Box padding="space60">
      <Text as="p" color="colorTextWeak">
        The assistant handed nothing over with this task.
      </Text>
    </Box>
  );
}

/** What the assistant handed over with a Task. */
export function TaskHandoff(props: TaskHandoffProps): React.ReactElement {
  return (
    <Guard>
      <Reading {...props} />
    </Guard>
  );
}

/** The same for the Task that is around it in Flex. */
export const ConnectedTaskHandoff = withTaskContext(TaskHandoff) as React.ComponentType<Omit<TaskHandoffProps, 'task'>>;
