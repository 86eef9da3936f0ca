/** @jest-environment-options {"customExportConditions": ["node", "require", "default"]} */
// The same with Flex itself, as it is published. It shows no desktop before somebody signs in, but its places take what a
// plugin adds, and show it. So the stand-in is held to what Flex does.

import React from 'react';
import { CustomizationProvider } from '@twilio-paste/core/customization';
import { cleanup, render, screen } from '@testing-library/react';
import * as Flex from '@twilio/flex-ui';

import { WarmlinePlugin } from '../../src/WarmlinePlugin';
import * as StandIn from '../host/flex';
import billing from '../tasks/billing.json';

jest.mock('@twilio/flex-ui', () => {
  // It plays a sound to learn whether it may, and says what it does.
  for (const kind of ['info', 'log', 'warn'] as const) jest.spyOn(console, kind).mockImplementation(() => undefined);
  jest.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
  for (const deed of ['pause', 'load'] as const) jest.spyOn(HTMLMediaElement.prototype, deed).mockImplementation(() => undefined);
  // By its path, past the stand-in.
  return jest.requireActual<object>('../../node_modules/@twilio/flex-ui/bundle/twilio-flex.prod.js');
});

const PLACES = ['IncomingTaskCanvas', 'CallCanvas', 'TaskCanvasTabs', 'Supervisor'] as const;

interface Store {
  readonly registeredFragments: readonly { readonly props: { readonly children: { readonly key: string } } }[];
}
const store = (name: (typeof PLACES)[number]): Store =>
  (name === 'Supervisor' ? Flex.Supervisor.TaskInfoPanel : Flex[name]).Content as unknown as Store;

/** Flex's own way to show what was added to a place; a task comes by the place's props and by context. */
const Dynamic = Flex.DynamicComponent as unknown as React.ComponentType<{ contentStore: Store; childProps: object; name: string }>;
const Context = Flex.TaskContext as unknown as React.Context<object>;

function show(name: (typeof PLACES)[number], task: object | undefined): void {
  render(
    <CustomizationProvider baseTheme="default">
      <Context.Provider value={{ task }}>
        <Dynamic contentStore={store(name)} childProps={{ task }} name={name}>
          <div>
            <p key="own">Of Flex</p>
          </div>
        </Dynamic>
      </Context.Provider>
    </CustomizationProvider>,
  );
}

beforeAll(() => {
  new WarmlinePlugin().init(Flex, {} as Flex.Manager);
});

test('it is Flex itself', () => {
  expect(Flex.VERSION).toMatch(/^2\./u);
  expect(Object.keys(StandIn)).toEqual(expect.arrayContaining([...PLACES]));
});

test.each(PLACES)('%s shows the panel for a task with a hand-off, once', (name) => {
  for (const status of ['accepted', 'wrapping']) {
    show(name, { attributes: billing, status });
    expect(screen.getAllByRole('region', { name: billing.reason })).toHaveLength(1);
    cleanup();
  }
});

test.each(PLACES)('%s shows Flex alone for any other task', (name) => {
  for (const task of [undefined, { attributes: {} }, { attributes: { name: 'Jane' }, status: 'wrapping' }]) {
    show(name, task);
    expect(screen.queryByRole('region')).toBeNull();
    expect(document.body).toHaveTextContent('Of Flex');
    cleanup();
  }
});

test('in front of what Flex has, but for the buttons that take a call', () => {
  const first: Record<string, boolean> = {};
  for (const name of PLACES) {
    show(name, { attributes: billing, status: 'accepted' });
    const [panel, own] = [screen.getByRole('region'), screen.getByText('Of Flex')];
    first[name] = Boolean(panel.compareDocumentPosition(own) & Node.DOCUMENT_POSITION_FOLLOWING);
    cleanup();
  }
  expect(first).toEqual({ IncomingTaskCanvas: false, CallCanvas: true, TaskCanvasTabs: false, Supervisor: true });
});
