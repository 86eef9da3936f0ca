import React from 'react';
import { CustomizationProvider } from '@twilio-paste/core/customization';
import { fireEvent, render, screen, within } from '@testing-library/react';
import type { ITask } from '@twilio/flex-ui';

import { TaskHandoff, type TaskHandoffProps } from '../../src/panel/TaskHandoff';
import { DEFAULTS } from '../../src/settings';
import billing from '../tasks/billing.json';
import friendly from '../tasks/friendly.json';
import quoted from '../tasks/quoted.json';

function show(attributes: unknown, { depth = 'full', warmline = DEFAULTS }: Partial<TaskHandoffProps> = {}): HTMLElement {
  const task = { attributes } as unknown as ITask;
  return render(
    <CustomizationProvider baseTheme="default">
      <TaskHandoff task={task} depth={depth} warmline={warmline} />
    </CustomizationProvider>,
  ).container;
}

const values = (title: string): (string | null)[] =>
  within(screen.getByLabelText(title)).getAllByRole('definition').map(({ textContent }) => textContent);

test('the mood stands first, then why, then who', () => {
  const text = show(billing).textContent;
  const places = ['Upset', billing.reason, 'Jane Doe', '+15551230000', 'Spanish (United States)', billing.callSummary].map((words) => text.indexOf(words));
  expect(places.every((place) => place >= 0)).toBe(true);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(screen.getByRole('region', { name: billing.reason })).toHaveAttribute('data-mood', 'negative');
});

test('all of a document', () => {
  show(billing);
  expect(values('Told to the assistant')).toEqual(['49.90 USD', '1182', '14 March']);
  expect(values('Known about this line')).toEqual(['Business', '2', 'no']);
  expect(values('The call')).toEqual([
    'The network vouches for the number. Who is calling was not verified.',
    'There is one of this line',
    'The assistant decided',
    'billing',
    '2 min 14 s, 5 answers',
    '+15550100000',
    'CA0df7a2d0fe557da9b6dc574cb1e8a4f8',
  ]);
  const said = within(screen.getByLabelText('What was said last')).getAllByRole('listitem');
  expect(said.map(({ textContent }) => textContent)).toHaveLength(5);
  expect(said[0]).toHaveTextContent('CallerI was charged twice for order 1182.');
  expect(said[1]).toHaveTextContent('AssistantI am sorry to hear that.');
});

test('beside a call there is what the first sentence needs, and no more', () => {
  show(billing, { depth: 'glance' });
  for (const shown of ['Upset', billing.reason, billing.callSummary, '1182']) expect(screen.getByText(shown)).toBeVisible();
  for (const hidden of ['What was said last', 'Known about this line', 'The call']) expect(screen.queryByText(hidden)).toBeNull();
  expect(screen.getByRole('link', { name: /Open the whole conversation/u })).toBeVisible();
});

test('a long summary leaves room for the call, and can be read all the same', () => {
  const callSummary = 'The caller wants her money back. '.repeat(40).trim();
  const memory = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`fact_${n}`, `value ${n}`]));
  show({ ...billing, callSummary, warmline: { ...billing.warmline, memory } }, { depth: 'glance' });
  expect(screen.queryByText(callSummary)).toBeNull();
  expect(screen.getByText(/^The caller wants .{100,230}…$/u)).toBeVisible();
  expect(values('Told to the assistant')).toHaveLength(4);
  fireEvent.click(screen.getByRole('button', { name: 'Show all of it' }));
  expect(screen.getByText(callSummary)).toBeVisible();
  expect(screen.queryByRole('button')).toBeNull();
});

test('an emergency, a quoted summary and a forged number are said', () => {
  show(quoted);
  expect(screen.getByText('Emergency')).toBeVisible();
  expect(screen.getByText('Quoted from the call; no model wrote it.')).toBeVisible();
  expect(screen.getByText('Number may be forged')).toBeVisible();
  expect(screen.getByText('Neutral')).toBeVisible();
  expect(screen.queryByText(/Speaks/u)).toBeNull();
  expect(screen.queryByRole('link')).toBeNull();
});

test('words that run the other way keep to themselves', () => {
  show(friendly);
  expect(screen.getByText('Friendly')).toBeVisible();
  expect(screen.getByText('דנה כהן').tagName).toBe('BDI');
  expect(screen.getByText(friendly.callSummary)).toHaveAttribute('dir', 'auto');
});

test('what is missing is not shown empty', () => {
  const container = show({ warmline: { version: 1 } });
  expect(screen.getByRole('heading', { level: 3 })).toHaveTextContent('No reason given');
  expect(screen.getByText('Mood not known')).toBeVisible();
  expect(screen.getByText('Unknown caller')).toBeVisible();
  expect(screen.getByText(/There is no summary/u)).toBeVisible();
  expect(screen.getAllByRole('heading').map(({ textContent }) => textContent)).toEqual(['No reason given', 'What happened']);
  expect(container).not.toHaveTextContent(/undefined|null|NaN/u);
});

test('a newer document says that the plugin is old', () => {
  show({ ...billing, warmline: { ...billing.warmline, version: 2 } });
  expect(screen.getByText(/Update the plugin/u)).toBeVisible();
  expect(screen.getByText(billing.callSummary)).toBeVisible();
});

test.each([undefined, {}, { name: 'Jane', channelType: 'web' }])('a task without a hand-off: %p', (attributes) => {
  expect(show(attributes, { depth: 'glance' })).toHaveTextContent('');
  show(attributes);
  expect(screen.getByText('The assistant handed nothing over with this task.')).toBeVisible();
  expect(screen.queryByRole('region')).toBeNull();
});

test('markup in any value is text', () => {
  const forged = '</p><script>alert(1)</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>';
  const poisoned = JSON.parse(
    JSON.stringify(billing, (key, value: unknown) =>
      typeof value === 'string' && !['sentiment', 'trigger', 'who', 'summaryBy', 'verified', 'deskUrl'].includes(key) ? forged : value,
    ),
  ) as typeof billing;
  const container = show(poisoned);
  expect(container.querySelectorAll('script, img, iframe, a:not([href^="https://voice.example.com/"])')).toHaveLength(0);
  expect(screen.getAllByText(forged).length).toBeGreaterThan(8);
});

test('the desk is a link that tells it nobody, and a frame only where that is set', () => {
  show(billing);
  const link = screen.getByRole('link', { name: /Open the whole conversation/u });
  expect(link).toHaveAttribute('href', 'https://voice.example.com/desk/c2lnbmVk');
  expect(link).toHaveAttribute('rel', 'noopener noreferrer');
  expect(link).toHaveAttribute('target', '_blank');
  expect(screen.queryByTitle('The whole conversation')).toBeNull();
});

test('a frame may do nothing', () => {
  const warmline = { desk: 'frame', deskOrigins: ['https://voice.example.com'] } as const;
  show(billing, { warmline });
  const frame = screen.getByTitle('The whole conversation');
  expect(frame).toHaveAttribute('src', 'https://voice.example.com/desk/c2lnbmVk');
  expect(frame).toHaveAttribute('sandbox', 'allow-same-origin');
  expect(frame).toHaveAttribute('referrerpolicy', 'no-referrer');
  for (const there of ['What was said last', 'The call']) expect(screen.queryByText(there)).toBeNull();
  expect(screen.getByRole('link', { name: /Open in a new tab/u })).toBeVisible();
});

test('a desk of another origin is neither framed nor linked to', () => {
  show(billing, { warmline: { desk: 'frame', deskOrigins: ['https://other.example.com'] } });
  expect(screen.queryByTitle('The whole conversation')).toBeNull();
  expect(screen.queryByRole('link')).toBeNull();
  expect(screen.getByText('What was said last')).toBeVisible();
});

test('a panel that fails takes nothing with it, and quotes nothing', () => {
  const complaints = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  const broken = new Proxy({ warmline: {} }, { get: () => { throw new TypeError('+15551230000'); } });
  show(broken);
  expect(screen.getByRole('status')).toHaveTextContent('The hand-off could not be shown.');
  const own = complaints.mock.calls.filter(([message]) => String(message).startsWith('Warmline'));
  expect(own).toEqual([['Warmline: the hand-off could not be shown (TypeError)']]);
  complaints.mockRestore();
});
