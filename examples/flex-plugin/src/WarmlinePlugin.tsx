import React from 'react';
import type * as Flex from '@twilio/flex-ui';
import { FlexPlugin } from '@twilio/flex-plugin';
import { CustomizationProvider } from '@twilio-paste/core/customization';

import { readHandoff } from './handoff';
import { ConnectedTaskHandoff } from './panel/TaskHandoff';
import { readSettings } from './settings';

const TAB = { label: 'Hand-off', uniqueName: 'warmline-handoff', depth: 'full' } as const;

interface Where {
  readonly task?: Flex.ITask;
}

const handedOver = ({ task }: Where): boolean => readHandoff(task?.attributes) !== undefined;
const isOver = ({ task }: Where): boolean => task?.status === 'wrapping' || task?.status === 'completed';

/** Shows what was handed over wherever somebody looks at its Task. */
export class WarmlinePlugin extends FlexPlugin {
  constructor() {
    super('WarmlinePlugin');
  }

  init(flex: typeof Flex, manager: Flex.Manager): void {
    const { settings, problems } = readSettings(manager);
    for (const problem of problems) console.warn(problem);
    flex.setProviders({ PasteThemeProvider: CustomizationProvider });

    // Below the buttons that take the call, and above the call itself while it lasts.
    flex.IncomingTaskCanvas.Content.add(
      <ConnectedTaskHandoff key="warmline-incoming" depth="glance" warmline={settings} />,
      { if: handedOver },
    );
    flex.CallCanvas.Content.add(<ConnectedTaskHandoff key="warmline-call" depth="glance" warmline={settings} />, {
      sortOrder: -1,
      if: handedOver,
    });
    // All of it in a tab: behind the call while that lasts, and in front once it is to be wrapped up.
    flex.TaskCanvasTabs.Content.add(<ConnectedTaskHandoff key="warmline-tab" {...TAB} warmline={settings} />, {
      if: (where: Where) => handedOver(where) && !isOver(where),
    });
    flex.TaskCanvasTabs.Content.add(<ConnectedTaskHandoff key="warmline-wrapup" {...TAB} warmline={settings} />, {
      sortOrder: -1,
      if: (where: Where) => handedOver(where) && isOver(where),
    });
    // Who looks on sees it above Flex's own facts of the Task. Flex's types name a package there that is not published;
    // the place is of the same kind as the agent's.
    const watching = flex.Supervisor.TaskInfoPanel as unknown as typeof flex.TaskInfoPanel;
    watching.Content.add(
      <ConnectedTaskHandoff key="warmline-supervisor" depth="full" warmline={settings} />,
      { sortOrder: -1, if: handedOver },
    );
  }
}
