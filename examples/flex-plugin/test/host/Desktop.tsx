// The surroundings that the panel has in Flex, drawn by hand: the card before a call is taken, the tabs of a task, and what
// a supervisor looks at.

import React, { useState } from 'react';

import * as Flex from './flex';

export type View = 'incoming' | 'call' | 'supervisor';

interface DesktopProps {
  readonly view: View;
  readonly task: Flex.Task | undefined;
  readonly theme: 'default' | 'dark';
}

export function Desktop({ view, task, theme }: DesktopProps): React.ReactElement {
  const { PasteThemeProvider } = Flex.providers;
  if (PasteThemeProvider === undefined) throw new Error('no plugin gave a theme provider');
  const View = { incoming: Incoming, call: Tabs, supervisor: Watching }[view];
  return (
    <PasteThemeProvider baseTheme={theme}>
      <Flex.TaskContext.Provider value={{ task }}>
        <main className={theme}>
          <View task={task} />
        </main>
      </Flex.TaskContext.Provider>
    </PasteThemeProvider>
  );
}

interface ViewProps {
  readonly task: Flex.Task | undefined;
}

/** A place: what plugins put before its own content, that, and what they put after it. */
function Place({ of, task, children }: ViewProps & { of: { Content: (typeof Flex.CallCanvas)['Content'] }; children?: React.ReactNode }): React.ReactElement {
  const { before, after } = of.Content.shown(task);
  return (
    <>
      {before}
      {children}
      {after}
    </>
  );
}

function Incoming({ task }: ViewProps): React.ReactElement {
  return (
    <Place of={Flex.IncomingTaskCanvas} task={task}>
      <p className="own">
        <button type="button">Accept task</button> <button type="button">Reject</button>
      </p>
    </Place>
  );
}

function Watching({ task }: ViewProps): React.ReactElement {
  return (
    <Place of={Flex.Supervisor.TaskInfoPanel} task={task}>
      <section className="own">
        <h2>Task context</h2>
        <p>Type: inbound. Queue: Everyone.</p>
      </section>
    </Place>
  );
}

function Call({ task }: ViewProps): React.ReactElement {
  return (
    <Place of={Flex.CallCanvas} task={task}>
      <p className="own">
        Live | 0:12 <button type="button">Mute</button> <button type="button">Hold</button> <button type="button">Hang up</button>
      </p>
    </Place>
  );
}

interface Tab {
  readonly name: string;
  readonly label: string;
  readonly content: React.ReactNode;
}

function Tabs({ task }: ViewProps): React.ReactElement {
  const [selected, select] = useState<string>();
  const { before, after } = Flex.TaskCanvasTabs.Content.shown(task);
  const added = (fragments: typeof before): Tab[] =>
    fragments.map((content) => ({ name: content.props.uniqueName ?? '', label: content.props.label ?? '', content }));
  const tabs: Tab[] = [
    ...added(before),
    { name: 'call', label: 'Call', content: <Call task={task} /> },
    { name: 'info', label: 'Info', content: <Place of={Flex.TaskInfoPanel} task={task}><p className="own">Task context</p></Place> },
    ...added(after),
  ];
  const open = tabs.find(({ name }) => name === selected) ?? tabs[0];
  return (
    <>
      <div role="tablist" aria-label="Task">
        {tabs.map(({ name, label }) => (
          <button key={name} type="button" role="tab" aria-selected={name === open?.name} onClick={() => { select(name); }}>
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={open?.label}>
        {open?.content}
      </div>
    </>
  );
}
