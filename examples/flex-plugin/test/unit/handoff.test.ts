import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';

import { readHandoff } from '../../src/handoff';
import billing from '../tasks/billing.json';
import quoted from '../tasks/quoted.json';

const TASKS = join(__dirname, '../tasks');
const SCHEMA = JSON.parse(
  readFileSync(process.env['HANDOFF_SCHEMA'] ?? join(__dirname, '../../../../docs/handoff.schema.json'), 'utf8'),
) as { $id: string; $defs: { context: { properties: object }; trigger: { enum: string[] } } };

const ours = (warmline: object): object => ({ ...billing, warmline: { ...billing.warmline, ...warmline } });

test('the examples are Tasks as Warmline writes them', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(SCHEMA);
  const isTask = ajv.getSchema(`${SCHEMA.$id}#/$defs/task`);
  const names = readdirSync(TASKS);
  expect(names.length).toBeGreaterThan(2);
  for (const name of names) {
    const task: unknown = JSON.parse(readFileSync(join(TASKS, name), 'utf8'));
    expect({ name, fits: isTask?.(task), errors: isTask?.errors }).toEqual({ name, fits: true, errors: null });
  }
});

test('every key of the document is read, or left out on purpose', () => {
  const leftOut = ['version', 'handoffId', 'outcome', 'summaryBy', 'memory', 'caller', 'promptVariant', 'promptVersion'];
  const read = Object.keys(readHandoff(billing) ?? {});
  const unknown = Object.keys(SCHEMA.$defs.context.properties).filter((key) => !read.includes(key) && !leftOut.includes(key));
  expect(unknown).toEqual([]);
});

test('a whole document', () => {
  expect(readHandoff(billing)).toEqual({
    name: 'Jane Doe',
    phone: '+15551230000',
    line: '+15550100000',
    mood: 'negative',
    reason: 'Charged twice, wants the second charge back',
    reasonCode: 'billing',
    summary: billing.callSummary,
    quoted: false,
    trigger: 'model',
    topic: 'billing',
    language: 'es-US',
    seconds: 134,
    turns: 5,
    callSid: 'CA0df7a2d0fe557da9b6dc574cb1e8a4f8',
    verified: 'full',
    known: true,
    facts: [['Amount', '49.90 USD'], ['Order number', '1182'], ['Second charge', '14 March']],
    traits: [['Plan', 'Business'], ['Open tickets', '2'], ['Newsletter', 'no']],
    transcript: billing.warmline.transcript,
    deskUrl: 'https://voice.example.com/desk/c2lnbmVk',
    newer: false,
  });
});

test('a number in place of a name is not shown twice', () => {
  expect(readHandoff(quoted)).toMatchObject({ phone: '+15551230001', quoted: true });
  expect(readHandoff(quoted)).not.toHaveProperty('name');
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', '{"callSummary":"x"}'],
  ['a list', [{ callSummary: 'x' }]],
  ['no keys', {}],
  ['a call that met no assistant', { from: '+15551230000', direction: 'inbound', name: '+15551230000' }],
  ['a chat', { channelType: 'web', customerName: 'Jane', reason: 'sales' }],
  ['a summary that is none', { callSummary: '  ', reason: 'sales' }],
  ['something else under our name', { warmline: 'yes' }],
])('%s is no hand-off', (_, attributes) => {
  expect(readHandoff(attributes)).toBeUndefined();
});

test('the four flat keys alone, as other products write them', () => {
  const { reasonCode, reason, callSummary, sentiment } = billing;
  expect(readHandoff({ reasonCode, reason, callSummary, sentiment, from: '+15551230000' })).toEqual({
    phone: '+15551230000',
    mood: 'negative',
    reason,
    reasonCode,
    summary: callSummary,
    quoted: false,
    facts: [],
    traits: [],
    transcript: [],
    newer: false,
  });
});

test('a document without anything in it is still one', () => {
  expect(readHandoff({ warmline: {} })).toEqual({ quoted: false, facts: [], traits: [], transcript: [], newer: false });
});

test('of a document whose keys may mean something else, the flat ones are read', () => {
  const handoff = readHandoff(ours({ version: 2 }));
  expect(handoff).toMatchObject({ newer: true, reason: billing.reason, facts: [], transcript: [] });
  expect(handoff).not.toHaveProperty('deskUrl');
});

test('values of another kind are left out, and the rest stays', () => {
  const handoff = readHandoff({
    ...ours({
      language: 7, turns: -1, seconds: '9', topic: {}, trigger: null,
      memory: { order: { id: 1 }, '': 'x', none: null, list: ['x'], kept: 'yes' },
      transcript: ['hello', { who: 'bot', text: 'hi' }, { who: 'caller' }, { who: 'caller', text: 'kept' }],
      caller: { known: 'yes', verified: 'really', traits: [1] },
    }),
    sentiment: 'furious',
    callSummary: ['x'],
    customers: 'Jane',
  });
  expect(handoff).toMatchObject({
    reason: billing.reason,
    facts: [['Kept', 'yes']],
    traits: [],
    transcript: [{ who: 'caller', text: 'kept' }],
  });
  for (const key of ['language', 'turns', 'seconds', 'topic', 'trigger', 'known', 'verified', 'mood', 'summary', 'phone']) {
    expect(handoff).not.toHaveProperty(key);
  }
});

test('what nobody sees is taken out, and what is too long is cut between characters', () => {
  const handoff = readHandoff({ ...billing, name: 'Ja\u202ene\u0000 \u2066Doe', reason: '👍'.repeat(400), callSummary: 'a\nb\u0007c' });
  expect(handoff?.name).toBe('Jane  Doe');
  expect(handoff?.reason).toBe(`${'👍'.repeat(299)}…`);
  expect(handoff?.summary).toBe('a\nb c');
  const many = readHandoff(ours({
    memory: Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`fact_${n}`, 'x'.repeat(9_999)])),
    transcript: Array.from({ length: 90 }, (_, n) => ({ who: 'caller', text: `line ${n}` })),
  }));
  expect(many?.facts).toHaveLength(50);
  expect(many?.facts[0]?.[1]).toHaveLength(200);
  expect(many?.transcript).toHaveLength(40);
  expect(many?.transcript.at(-1)?.text).toBe('line 89');
});

test('names of an object are no facts', () => {
  const memory: unknown = JSON.parse('{"__proto__": "a", "constructor": "b"}');
  expect(readHandoff(ours({ memory: memory as object }))?.facts).toEqual([['Proto', 'a'], ['Constructor', 'b']]);
  expect(({} as Record<string, unknown>)['a']).toBeUndefined();
});

test.each([
  ['https://voice.example.com/desk/x', true],
  ['http://127.0.0.1:8080/desk/x', true],
  ['http://localhost:8080/desk/x', true],
  ['http://voice.example.com/desk/x', false],
  ['javascript:alert(1)', false],
  ['data:text/html,<script>alert(1)</script>', false],
  ['https://voice.example.com@evil.example/desk', false],
  ['https://user:pass@voice.example.com/desk', false],
  ['//voice.example.com/desk', false],
  ['/desk/x', false],
  ['https://' + 'x'.repeat(700), false],
  [12, false],
])('a link to %s: %s', (deskUrl, fits) => {
  expect(readHandoff(ours({ deskUrl }))?.deskUrl !== undefined).toBe(fits);
});
