// Made-up calls in the shapes of the API. Nobody in here exists.

const iso = (ms) => new Date(ms).toISOString();
const sid = (prefix, number) => prefix + number.toString(16).padStart(32, 'c0ffee00d15ea5e0');

const FIRST = [
  'Where is my parcel? It should have been here on Monday', 'I was charged twice for order 1182 and nobody answers my mails',
  'Hola, ¿dónde está mi paquete?', 'What does it cost to send a parcel of ten kilograms',
  'The box was open and one glass is broken', 'I want to change the address of a delivery',
];
const REASONS = [
  ['billing', 'Charged twice for one order', 'negative', 'model', 'The caller was charged twice for order 1182, 19 dollars each, and wants the second charge back. Three mails were not answered. The assistant explained how refunds are paid; the caller asked for a person.'],
  ['caller_request', 'The caller asked for a person', 'neutral', 'request', 'The caller began with “Where is my parcel? It should have been here on Monday”. The assistant’s last words were “Would you like me to connect you with a person?”.'],
  ['damage', 'Two glasses arrived broken', 'negative', 'sentiment', 'The box was open on arrival and two of six glasses are broken. Photos were taken. The caller wants a replacement before Friday.'],
  ['caller_request', 'The caller pressed the key for a person', 'positive', 'key', 'The caller wanted to know the price of a large parcel, was told nineteen dollars, and pressed 0.'],
];
const ANSWERS = [
  'You can see where a parcel is at any time with its tracking number, on our website or in the app. Do you have it at hand?',
  'I am sorry about that. A colleague looks into a bill that is not right. Would you like me to connect you with a person?',
  'A large one of up to thirty kilograms costs nineteen dollars. Express costs seven dollars more.',
];

/** One call with everything in it. */
export function detail(number, now, { live = false, escalated = number % 3 !== 2 } = {}) {
  const began = now - (live ? 74_000 : 600_000 + number * 2_700_000);
  const at = (ms) => iso(began + ms);
  const transcript = [
    { session: 0, who: 'agent', text: 'Hello, this is Northwind Parcel. You are talking to an AI assistant, and I can get you a person at any time. How can I help?', heard: 'Hello, this is Northwind Parcel. You are talking to an AI assistant,', interrupted: true, steps: { beganAt: at(0), speakingAt: at(420), heardAt: null } },
    { session: 0, who: 'caller', text: FIRST[number % FIRST.length], heard: FIRST[number % FIRST.length], interrupted: false, steps: { beganAt: at(6200) } },
    { session: 0, who: 'agent', text: ANSWERS[number % 3], heard: ANSWERS[number % 3], interrupted: false, promptedAt: at(6200), steps: { beganAt: at(6203), firstDeltaAt: at(6614), firstFrameAt: at(6615), speakingAt: at(6951), finishedAt: at(7600), heardAt: at(15_200) } },
    { session: 0, who: 'caller', text: 'It is number 4711 0815', heard: 'It is number 4711 0815', interrupted: false, steps: { beganAt: at(18_000) } },
    { session: 0, who: 'agent', text: '', heard: '', interrupted: false, promptedAt: at(18_000), steps: { beganAt: at(18_002), firstDeltaAt: at(18_930), finishedAt: at(18_960) },
      tools: [{ name: 'track_parcel', arguments: '{"tracking_number":"47110815"}', result: '{"state":"in_transit","depot":"Oakland","expected":"2026-11-28"}', beganAt: at(18_960), endedAt: at(19_740) }] },
    { session: 0, who: 'agent', text: 'Your parcel is at the Oakland depot. It should arrive tomorrow between eight in the morning and eight in the evening, and the driver will ring the bell.', heard: 'Your parcel is at the Oakland depot. It should arrive tomorrow between', interrupted: true, promptedAt: at(18_000), steps: { beganAt: at(19_741), firstDeltaAt: at(20_060), firstFrameAt: at(20_061), speakingAt: at(20_390), finishedAt: at(21_000) } },
    { session: 0, who: 'caller', text: 'No, I am not at home tomorrow. Can I talk to somebody?', heard: 'No, I am not at home tomorrow. Can I talk to somebody?', interrupted: false, steps: { beganAt: at(26_100) } },
  ];
  const [reasonCode, reason, sentiment, trigger, callSummary] = REASONS[number % REASONS.length];
  if (escalated && !live) {
    transcript.push({ session: 0, who: 'agent', text: 'I am connecting you with a colleague now.', heard: 'I am connecting you with a colleague now.', interrupted: false, promptedAt: at(26_100), steps: { beganAt: at(26_101), firstDeltaAt: at(26_940), firstFrameAt: at(26_941), speakingAt: at(27_260), finishedAt: at(27_400), heardAt: at(30_100) },
      tools: [{ name: 'escalate', arguments: JSON.stringify({ reasonCode, reason, sentiment, callSummary }), result: '{"ok":true}', beganAt: at(27_400), endedAt: at(27_401) }] });
  }
  const callSid = sid('CA', number);
  const handoffs = escalated && !live ? [{
    handoffId: sid('HO', number), session: 0, target: number % 4 === 3 ? 'number:+15550100000' : 'workflow:WW00000000000000000000000000000000',
    state: ['answered', 'queued', 'abandoned', 'voicemail'][number % 4], decidedAt: at(27_400), changedAt: at(58_000),
    document: { reasonCode, reason, callSummary, sentiment, warmline: { version: 1, handoffId: sid('HO', number), callSid, outcome: 'escalated', trigger, summaryBy: number % 2 ? 'transcript' : 'model', language: 'en-US', turns: 3, seconds: 31, memory: { tracking_number: '47110815', wants: 'another day' }, transcript: transcript.slice(-4).map(({ who, heard }) => ({ who, text: heard })) } },
  }] : [];
  return {
    version: 1, callSid, accountSid: sid('AC', 1), direction: 'inbound', caller: `+15•••••${String(1000 + number * 7).slice(-4)}`, line: '+15•••••0002',
    language: number % 6 === 2 ? 'es-US' : 'en-US', prompts: '5c1f09ab', sessions: number % 5 === 4 ? 2 : 1, turns: 3,
    outcome: live ? null : escalated ? 'escalated' : number % 2 ? 'completed' : 'closed', live, trigger: escalated && !live ? trigger : null,
    sentiment: escalated ? sentiment : null, reasonCode: escalated && !live ? reasonCode : null, beganAt: iso(began),
    endedAt: live ? null : iso(began + 41_000 + (number % 7) * 23_000), node: 'node-a',
    facts: escalated ? { tracking_number: '47110815', wants: 'another day' } : {}, transcript,
    triggers: escalated && !live ? [{ session: 0, name: trigger, happenedAt: at(26_101) }] : [], handoffs,
  };
}

export function summary(call) {
  const { transcript, facts, triggers, handoffs, version, accountSid, ...rest } = call;
  return rest;
}

/** What the live page shows of a call. */
export function liveCall(number, state, more = {}) {
  return (now) => ({
    callSid: sid('CA', 0x900 + number), caller: `+15•••••${4000 + number * 13}`, line: '+15•••••0002', language: 'en-US', state, sentiment: null, turns: number + 1,
    beganAt: iso(now - 20_000 - number * 61_000), lastWords: null, trigger: null, node: 'node-a', own: true, phone: false, ...more,
  });
}

export const LIVE = [
  liveCall(0, 'ringing', { turns: 0, phone: true }),
  liveCall(1, 'speaking', { lastWords: { who: 'agent', text: 'A standard parcel takes two to three working days, and an express parcel arrives on the next working day.' }, sentiment: 'positive' }),
  liveCall(2, 'listening', { lastWords: { who: 'caller', text: 'I have been waiting for two weeks now and this is the third time I call about the same parcel, nobody can tell me where it is and I am really fed up' }, sentiment: 'negative', node: 'node-b', own: false }),
  liveCall(3, 'thinking', { lastWords: { who: 'caller', text: 'What does express cost?' }, sentiment: 'neutral' }),
  liveCall(4, 'queued', { lastWords: { who: 'agent', text: 'I am connecting you with a colleague now.' }, sentiment: 'negative', trigger: 'request' }),
];

export function health(now) {
  return {
    ready: true, draining: false, calls: { live: 5, most: 2000 }, store: { kept: true, away: false, waiting: 0, lost: 0 },
    model: { describe: 'gpt-4.1-mini at api.openai.com', resting: [] }, version: '0.1.0', uptimeSeconds: Math.floor(now / 1000) % 90_000,
  };
}

export const SETTINGS = {
  items: [
    { name: 'PORT', value: '8080', secret: false, set: true, from: 'default', about: 'port to listen on' },
    { name: 'PUBLIC_URL', value: 'https://voice.example.com', secret: false, set: true, from: 'environment', about: 'where Twilio reaches this server' },
    { name: 'TWILIO_AUTH_TOKEN', value: null, secret: true, set: true, from: 'environment', about: 'checks Twilio’s signatures; a second one after a comma' },
    { name: 'TWILIO_WORKFLOW_SID', value: 'WW00000000000000000000000000000000', secret: false, set: true, from: 'file', about: 'TaskRouter workflow for calls that go to a person' },
    { name: 'HANDOFF_NUMBER', value: null, secret: false, set: false, from: 'default', about: 'second target: a phone number or SIP address' },
    { name: 'OPENAI_API_KEY', value: null, secret: true, set: true, from: 'environment', about: 'key of the model' },
    { name: 'OPENAI_FALLBACK_API_KEY', value: null, secret: true, set: false, from: 'default', about: 'key of the second endpoint' },
    { name: 'DATABASE_URL', value: 'sqlite:warmline.db', secret: false, set: true, from: 'default', about: 'where calls are kept' },
  ],
  prompts: { source: 'embedded', version: '5c1f09ab' },
  tools: [{ name: 'escalate', kind: 'session' }, { name: 'end_call', kind: 'session' }, { name: 'track_parcel', kind: 'http' }],
  targets: ['workflow:WW00000000000000000000000000000000', 'number:+15550100000', 'voicemail'],
  file: [
    { name: 'store', values: [{ name: 'retention_days', value: '30' }, { name: 'mask', value: 'true' }] },
    { name: 'timings', values: [{ name: 'filler', value: '1500 ms' }, { name: 'first_token', value: '3000 ms' }] },
    { name: 'rules', values: [{ name: 'requests', value: 'true' }, { name: 'emergencies', value: 'both' }, { name: 'silence', value: '10000 ms' }] },
    { name: 'redact', values: [{ name: 'console', value: 'email, phone' }, { name: 'desk', value: 'nothing' }] },
  ],
};

export const audit = (now) => [
  ['reveal', 1], ['escalate', 4], ['whisper', 4], ['delete', 9], ['signIn', null],
].map(([what, number], index) => ({ at: iso(now - index * 900_000 - 20_000), what, callSid: number === null ? null : sid('CA', number), from: '192.0.2.7' }));
