// A stand-in for Flex: as much of it as a plugin meets. Places take content, with an order and a condition; a task comes by
// context; providers are put around all of it. Written after flex-ui 2.17's own DynamicContentStore.

import React from 'react';

export interface Task {
  readonly attributes?: unknown;
  readonly status?: string;
}

interface Options {
  readonly sortOrder?: number;
  readonly if?: (props: { task?: Task | undefined }) => boolean;
}

type Fragment = React.ReactElement<{ label?: string; uniqueName?: string }>;

/** `Content` of a place. */
class Store {
  private readonly fragments: { readonly child: Fragment; readonly options: Options }[] = [];

  add(child: Fragment, options: Options = {}): void {
    if (!React.isValidElement(child) || child.key === null) throw new Error('a fragment needs a key');
    if (this.fragments.some((other) => other.child.key === child.key)) throw new Error(`two fragments are ${child.key}`);
    this.fragments.push({ child, options });
  }

  /** What is shown for a task, before Flex's own content and after it. Each gets the props of the place. */
  shown(task: Task | undefined): { before: Fragment[]; after: Fragment[] } {
    const shown = this.fragments.filter(({ options }) => options.if?.({ task }) ?? true);
    const of = (first: boolean): Fragment[] =>
      shown
        .filter(({ options }) => (options.sortOrder ?? 0) < 0 === first)
        .map(({ child }) => React.cloneElement(child, { task } as object));
    return { before: of(true), after: of(false) };
  }

  clear(): void {
    this.fragments.length = 0;
  }
}

const place = (): { Content: Store } => ({ Content: new Store() });

export const IncomingTaskCanvas = place();
export const CallCanvas = place();
export const TaskCanvasTabs = place();
export const TaskInfoPanel = place();
export const Supervisor = { TaskInfoPanel: place() };

export const TaskContext = React.createContext<{ task?: Task | undefined }>({});

export function withTaskContext<P extends object>(Component: React.ComponentType<P>): React.ComponentType<P> {
  return function WithTaskContext(props: P): React.ReactElement {
    return <TaskContext.Consumer>{({ task }) => <Component {...props} task={task} />}</TaskContext.Consumer>;
  };
}

type Theme = React.ComponentType<{ baseTheme: 'default' | 'dark'; children: React.ReactNode }>;
export const providers: { PasteThemeProvider?: Theme } = {};

export function setProviders(given: typeof providers): void {
  Object.assign(providers, given);
}

interface Manager {
  readonly configuration: object;
  readonly serviceConfiguration: object;
}
interface Plugin {
  readonly name: string;
  init(flex: unknown, manager: Manager): void;
}

export const manager: { configuration: object; serviceConfiguration: object } = { configuration: {}, serviceConfiguration: {} };
export const loaded: Plugin[] = [];

export const Plugins = {
  init(Loaded: new () => Plugin): void {
    const plugin = new Loaded();
    loaded.push(plugin);
    plugin.init(self, manager);
  },
};

const self = { IncomingTaskCanvas, CallCanvas, TaskCanvasTabs, TaskInfoPanel, Supervisor, withTaskContext, setProviders };

/** As a Flex in which no plugin was loaded. */
export function reset(): void {
  for (const { Content } of [IncomingTaskCanvas, CallCanvas, TaskCanvasTabs, TaskInfoPanel, Supervisor.TaskInfoPanel]) Content.clear();
  loaded.length = 0;
  delete providers.PasteThemeProvider;
  Object.assign(manager, { configuration: {}, serviceConfiguration: {} });
}
