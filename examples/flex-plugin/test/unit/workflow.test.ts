import billing from '../tasks/billing.json';
import workflow from '../../workflow.json';

interface Target {
  readonly queue: string;
  readonly expression?: string;
}

const { filters, default_filter: last } = workflow.task_routing;
const targets = filters.flatMap((filter): readonly Target[] => filter.targets);
const expressions = [...filters.map(({ expression }) => expression), ...targets.flatMap(({ expression }) => expression ?? [])];

/** The keys that an expression reads, without what stands in quotes. */
const keysOf = (expression: string): string[] =>
  expression.replace(/'[^']*'/gu, '').match(/[A-Za-z_][\w.-]*/gu)?.filter((word) => !['AND', 'OR', 'HAS', 'IN', 'NOT'].includes(word)) ?? [];

const value = (path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], billing);

test('the workflow reads keys that a Task has, and none that would be a subtraction', () => {
  const keys = expressions.flatMap(keysOf).filter((key) => !key.startsWith('worker.'));
  expect(keys.length).toBeGreaterThan(6);
  for (const key of keys) {
    expect(key).not.toContain('-');
    expect({ key, there: value(key.replace(/^task\./u, '')) !== undefined }).toEqual({ key, there: true });
  }
});

test('every target is a queue', () => {
  for (const { queue } of [...targets, last]) expect(queue).toMatch(/^WQ[0-9a-f]{32}$/u);
});
