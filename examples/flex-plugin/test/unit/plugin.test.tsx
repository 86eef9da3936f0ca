import React from 'react';
import { fireEvent, render, screen } from '@testing-library/react';
import { loadPlugin } from '@twilio/flex-plugin';

import { WarmlinePlugin } from '../../src/WarmlinePlugin';
import { Desktop, type View } from '../host/Desktop';
import * as Flex from '../host/flex';
import billing from '../tasks/billing.json';

/** Loads the plugin as Flex does, and shows a task in it. */
function load(view: View, task: Flex.Task | undefined): void {
  Object.assign(window, { Twilio: { Flex } });
  loadPlugin(WarmlinePlugin);
  render(<Desktop view={view} task={task} theme="default" />);
}

const tabs = (): (string | null)[] => screen.getAllByRole('tab').map(({ textContent }) => textContent);
const panels = (): number => document.querySelectorAll('[data-mood]').length;

beforeEach(() => {
  Flex.reset();
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
});

test('it is shown before a call is taken', () => {
  load('incoming', { attributes: billing, status: 'pending' });
  expect(screen.getByRole('region', { name: billing.reason })).toBeVisible();
});

test('it is shown above a call, and all of it in a tab', () => {
  load('call', { attributes: billing, status: 'accepted' });
  expect(tabs()).toEqual(['Call', 'Info', 'Hand-off']);
  expect(panels()).toBe(1);
  expect(screen.queryByText('What was said last')).toBeNull();
  fireEvent.click(screen.getByRole('tab', { name: 'Hand-off' }));
  expect(panels()).toBe(1);
  expect(screen.getByText('What was said last')).toBeVisible();
});

test('it stays through wrap-up, in front', () => {
  load('call', { attributes: billing, status: 'wrapping' });
  expect(tabs()).toEqual(['Hand-off', 'Call', 'Info']);
  expect(screen.getByText('What was said last')).toBeVisible();
});

test('who looks on sees all of it', () => {
  load('supervisor', { attributes: billing, status: 'accepted' });
  expect(screen.getByText('What was said last')).toBeVisible();
});

test.each([undefined, { attributes: {} }, { attributes: { channelType: 'web', name: 'Jane' }, status: 'wrapping' }])(
  'other tasks look as they always did: %p',
  (task) => {
    for (const view of ['incoming', 'call', 'supervisor'] as const) {
      Flex.reset();
      load(view, task);
      expect(panels()).toBe(0);
    }
    expect(tabs()).toEqual(['Call', 'Info']);
  },
);

test('it gives Paste the provider that the theme comes with', () => {
  load('call', undefined);
  expect(Flex.providers.PasteThemeProvider).toBeDefined();
  expect(Flex.loaded.map(({ name }) => name)).toEqual(['WarmlinePlugin']);
});

test('settings that are wrong are said in the console', () => {
  const warnings = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  Flex.manager.serviceConfiguration = { ui_attributes: { warmline: { desk: 'frame' } } };
  load('call', { attributes: billing, status: 'accepted' });
  expect(warnings.mock.calls).toEqual([['warmline.desk is "frame", which needs warmline.deskOrigins']]);
});
