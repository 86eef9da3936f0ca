// What the server asks of Twilio.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DOMParser } from 'linkedom';

import * as twiml from '../../phone/twiml.js';
import { reduce } from '../../lib/feed.js';
import { link, parse } from '../../lib/router.js';
import { isEcho } from '../../phone/voice.js';

const read = (xml) => twiml.parse(xml, new DOMParser());
const connect = (attributes) => twiml.session(twiml.verbs(read(
  `<Response><Connect action="/next?a=1&amp;b=2"><ConversationRelay ${attributes}/></Connect></Response>`))[0]);

test('what is absent has Twilio’s default', () => {
  assert.deepEqual(connect('url="wss://a.example/r"'), {
    url: 'wss://a.example/r', action: '/next?a=1&b=2', greeting: null, greetingInterruptible: 'any', interruptible: 'any',
    preemptible: false, reportedMeanwhile: 'none', keys: false, partialPrompts: false, speakerEvents: false,
    tokensPlayed: false, language: 'en-US', speech: 'en-US', parameters: {},
  });
});

test('what is asked for is granted', () => {
  const document = read(`<?xml version="1.0" encoding="UTF-8"?><Response><Connect><ConversationRelay url="wss://a.example/r"
    welcomeGreeting="Hi &amp; welcome." welcomeGreetingInterruptible="none" interruptible="speech" dtmfDetection="true"
    reportInputDuringAgentSpeech="dtmf" partialPrompts="true" language="de-DE" ttsLanguage="de-AT"
    events="speaker-events tokens-played"><Language code="es-US"/><Parameter name="tenant" value="acme"/></ConversationRelay>
    </Connect></Response>`);
  const noun = twiml.session(twiml.child(document, 'Connect'));
  assert.deepEqual([noun.action, noun.greeting, noun.greetingInterruptible], [null, 'Hi & welcome.', 'none']);
  assert.deepEqual([noun.interruptible, noun.reportedMeanwhile], ['speech', 'dtmf']);
  assert.deepEqual([noun.keys, noun.partialPrompts, noun.speakerEvents, noun.tokensPlayed], [true, true, true, true]);
  assert.deepEqual([noun.language, noun.speech, noun.parameters], ['de-DE', 'de-AT', { tenant: 'acme' }]);
});

test('the older attribute for reports is heeded too, and multi is spoken as English', () => {
  const noun = connect('url="wss://a/r" debug="debugging tokens-played" language="multi"');
  assert.deepEqual([noun.tokensPlayed, noun.speakerEvents, noun.language, noun.speech], [true, false, 'en-US', 'en-US']);
});

test('a document without a session asks for none', () => {
  const [hangup] = twiml.verbs(read('<Response><Hangup/></Response>'));
  assert.deepEqual([hangup.name, twiml.session(hangup)], ['Hangup', null]);
  assert.throws(() => twiml.verbs(read('<html></html>')), SyntaxError);
});

test('addresses are those of this server, whatever host they name', () => {
  const origin = 'http://127.0.0.1:8080';
  assert.equal(twiml.local('https://voice.example.com/voice/handoff?s=a%2Fb', origin), '/voice/handoff?s=a%2Fb');
  assert.equal(twiml.local('/voice/dial', origin), '/voice/dial');
  assert.equal(twiml.localSocket('wss://voice.example.com/voice/relay/abc', origin), 'ws://127.0.0.1:8080/voice/relay/abc');
  assert.equal(twiml.localSocket('wss://voice.example.com/x', 'https://voice.example.com'), 'wss://voice.example.com/x');
});

test('a task is read with its attributes, and a queue by its name', () => {
  const [workflow] = twiml.verbs(read(`<Response><Enqueue workflowSid="WW1" action="/voice/queued?s=1"><Task priority="5">
    {"name":"Ada","reason":"a &amp; b &lt;c&gt;"}</Task></Enqueue></Response>`));
  assert.deepEqual(twiml.task(workflow), {
    attributes: { name: 'Ada', reason: 'a & b <c>' }, workflow: 'WW1', queue: null, action: '/voice/queued?s=1',
  });
  const [queue] = twiml.verbs(read('<Response><Enqueue>support</Enqueue></Response>'));
  assert.deepEqual(twiml.task(queue), { attributes: null, workflow: null, queue: 'support', action: null });
});

test('a dialled number rings as long as it may', () => {
  const [dial] = twiml.verbs(read('<Response><Dial timeout="20" action="/voice/dial"><Number>+15550100000</Number></Dial></Response>'));
  assert.deepEqual(twiml.dial(dial), { to: '+15550100000', kind: 'Number', seconds: 20, action: '/voice/dial' });
  const [sip] = twiml.verbs(read('<Response><Dial><Sip>sip:desk@example.com</Sip></Dial></Response>'));
  assert.deepEqual(twiml.dial(sip), { to: 'sip:desk@example.com', kind: 'Sip', seconds: 30, action: null });
});

test('a document is written out for a reader', () => {
  assert.equal(twiml.written(read('<Response><Say language="en-US">Sorry.</Say><Hangup/></Response>')),
    '<Response>\n  <Say language="en-US">Sorry.</Say>\n  <Hangup/>\n</Response>\n');
});

test('addresses of pages are read and written alike', () => {
  for (const [hash, path, query] of [
    ['#/calls/CA1', ['calls', 'CA1'], {}], ['#/calls?outcome=closed&caller=%2B1555', ['calls'], { outcome: 'closed', caller: '+1555' }],
    ['', [], {}], ['#/', [], {}],
  ]) assert.deepEqual(parse(hash), { path, query });
  assert.equal(link(['calls'], { outcome: 'closed', caller: '' }), '#/calls?outcome=closed');
  assert.equal(link(['calls', 'a/b']), '#/calls/a%2Fb');
  assert.deepEqual(parse('#/calls/%E0%A4%A'), { path: ['calls', '%E0%A4%A'], query: {} });
});

test('the live calls follow their events', () => {
  const one = { callSid: 'CA1', state: 'ringing' };
  let { calls, news } = reduce(new Map(), 'snapshot', { calls: [one] });
  assert.deepEqual([[...calls.keys()], news], [['CA1'], null]);
  ({ calls, news } = reduce(calls, 'call', { callSid: 'CA1', state: 'speaking' }));
  assert.deepEqual([calls.get('CA1').state, news], ['speaking', null]);
  ({ calls, news } = reduce(calls, 'call', { callSid: 'CA2', state: 'ringing' }));
  assert.deepEqual([calls.size, news.kind], [2, 'came']);
  const before = calls;
  ({ calls, news } = reduce(calls, 'gone', { callSid: 'CA1', outcome: 'closed' }));
  assert.deepEqual([calls.size, before.size, news.kind, news.outcome], [1, 2, 'went', 'closed']);
  assert.deepEqual(reduce(calls, 'gone', { callSid: 'CA9' }).news, null);
  assert.equal(reduce(calls, 'snapshot', { calls: [] }).calls.size, 0);
});

test('what the microphone hears of the loudspeaker is an echo', () => {
  const spoken = 'Your parcel is at the Oakland depot and should arrive tomorrow.';
  assert.equal(isEcho('should arrive tomorrow', spoken), true);
  assert.equal(isEcho('oakland DEPOT, and', spoken), true);
  assert.equal(isEcho('I am not at home tomorrow', spoken), false);
  assert.equal(isEcho('yes', spoken), false);
  assert.equal(isEcho('anything', ''), false);
});
