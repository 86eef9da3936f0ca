// Speaks the contract between the page and the server, so that the page can be tried without one.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

import { answer } from './agent.mjs';
import * as fixtures from './fixtures.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const PASSWORD = 'a made-up password';

/** @param {{kind?: 'empty' | 'busy', locked?: boolean, desk?: boolean, port?: number}} options */
export async function start({ kind = 'busy', locked = false, desk = false, port = 0 } = {}) {
  const now = Date.now();
  const busy = kind === 'busy';
  const past = busy ? Array.from({ length: 73 }, (_, number) => fixtures.detail(number, now)) : [];
  const live = new Map(busy ? fixtures.LIVE.map((make) => make(now)).map((call) => [call.callSid, call]) : []);
  const streams = new Set();
  const phones = new Map();
  const seen = { whispers: [], escalations: [], forms: [] };
  let signedIn = !locked;

  const tell = (event, data) => streams.forEach((stream) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const json = (response, status, body, headers = {}) => {
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json', ...headers });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const problem = (response, status, title, headers) => json(response, status, { type: 'about:blank', title, status, detail: '' }, headers);
  const twiml = (response, body) => {
    response.writeHead(200, { 'content-type': 'text/xml' });
    response.end(`<?xml version="1.0" encoding="UTF-8"?><Response>${body}</Response>`);
  };
  const page = (response, items, query) => {
    const from = Number(query.get('cursor') ?? 0);
    const limit = Number(query.get('limit') ?? 50);
    json(response, 200, { items: items.slice(from, from + limit), next: from + limit < items.length ? String(from + limit) : null });
  };
  const find = (callSid) => past.find((call) => call.callSid === callSid)
    ?? (live.has(callSid) ? { ...fixtures.detail(1, Date.now(), { live: true }), ...live.get(callSid), live: true } : null);

  async function api(request, response, path, query, body) {
    if (path === '/session') {
      if (request.method === 'POST') {
        if (body.password === 'slow') return problem(response, 429, 'Too many attempts', { 'retry-after': '3' });
        if (body.password !== PASSWORD) return problem(response, 401, 'Wrong password');
        signedIn = true;
        return json(response, 204);
      }
      if (request.method === 'DELETE') {
        signedIn = false;
        return json(response, 204);
      }
      return json(response, 200, signedIn
        ? { access: locked ? 'signedIn' : 'open', version: '0.1.0', model: busy ? 'gpt-4.1-mini' : 'embedded agent', embeddedAgent: !busy, node: 'node-a', calls: { live: live.size } }
        : { access: 'signedOut', version: '0.1.0' });
    }
    if (!signedIn) return problem(response, 401, 'Sign in first');
    if (request.method !== 'GET' && request.headers['x-warmline'] !== '1') return problem(response, 403, 'X-Warmline is missing');
    if (path === '/calls') {
      const wanted = past.filter((call) => (!query.get('outcome') || call.outcome === query.get('outcome')) && (!query.get('caller') || call.caller.endsWith(query.get('caller').slice(-4))));
      return page(response, wanted.map(fixtures.summary), query);
    }
    if (path === '/handoffs') {
      return page(response, past.flatMap((call) => call.handoffs.map((one) => ({
        ...one, callSid: call.callSid, trigger: one.document.warmline.trigger, reasonCode: one.document.reasonCode, reason: one.document.reason,
        callSummary: one.document.callSummary, sentiment: one.document.sentiment, document: undefined, deskUrl: desk ? '/desk/sample' : null,
      }))), query);
    }
    if (path === '/audit') return page(response, busy ? fixtures.audit(Date.now()) : [], query);
    if (path === '/settings') return json(response, 200, fixtures.SETTINGS);
    if (path === '/health') return json(response, 200, fixtures.health(Date.now()));
    if (path === '/phone') return mint(response, body);
    if (path === '/live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: snapshot\ndata: ${JSON.stringify({ calls: [...live.values()] })}\n\n`);
      streams.add(response);
      request.on('close', () => streams.delete(response));
      return undefined;
    }
    const [, callSid, action] = /^\/calls\/([^/]+)(?:\/(\w+))?$/u.exec(path) ?? [];
    const call = callSid && find(callSid);
    if (!call) return problem(response, 404, 'No such call');
    if (action === 'live') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(`event: call\ndata: ${JSON.stringify(call)}\n\n`);
      return undefined;
    }
    if (action === 'reveal') return json(response, 200, { caller: '+15550101007', line: '+15550100002' });
    if (action === 'escalate' || action === 'whisper') {
      if (!live.has(callSid)) return problem(response, 409, 'The call is not live');
      seen[action === 'whisper' ? 'whispers' : 'escalations'].push(body);
      if (action === 'escalate') change(callSid, { state: 'leaving', trigger: 'supervisor' });
      return json(response, 202);
    }
    if (request.method === 'DELETE') {
      past.splice(past.indexOf(call), 1);
      return json(response, 204);
    }
    return json(response, 200, call);
  }

  function change(callSid, what) {
    live.set(callSid, { ...live.get(callSid), ...what });
    tell('call', live.get(callSid));
  }

  function mint(response, { from = '+15550100001' }) {
    const callSid = `CA${[...Array(32)].map(() => Math.floor(Math.random() * 16).toString(16)).join('')}`;
    const call = {
      callSid, from, said: [], frames: [], connects: 0, deskUrl: desk ? 'https://voice.example.com/desk/sample' : null,
      state: (state, lastWords) => change(callSid, { state, ...(lastWords ? { lastWords, turns: call.said.length } : {}) }),
    };
    phones.set(callSid, call);
    json(response, 200, {
      callSid, accountSid: 'AC00000000000000000000000000000001', ticket: 'ticket',
      form: { AccountSid: 'AC00000000000000000000000000000001', ApiVersion: '2010-04-01', CallSid: callSid, CallStatus: 'ringing', Direction: 'inbound', From: from, Caller: from, To: '+15550100002', Called: '+15550100002' },
    });
  }

  const connect = (callSid, greeting) => `<Connect action="https://voice.example.com/voice/handoff?s=${callSid}"><ConversationRelay url="wss://voice.example.com/voice/relay/${callSid}"
    ${greeting ? 'welcomeGreeting="Hello, this is Northwind Parcel. You are talking to an AI assistant, and I can get you a person at any time. How can I help?"' : ''}
    language="en-US" interruptible="any" reportInputDuringAgentSpeech="none" dtmfDetection="true" events="speaker-events tokens-played"/></Connect>`;

  function voice(request, response, path, form) {
    if (request.headers['x-warmline-phone'] !== 'ticket') return problem(response, 403, 'No ticket');
    seen.forms.push({ path, ...Object.fromEntries(form) });
    const call = phones.get(form.get('CallSid'));
    const over = form.get('CallStatus') === 'completed';
    switch (path) {
      case '/voice/incoming':
        change(call.callSid, { ...fixtures.liveCall(0, 'ringing')(Date.now()), callSid: call.callSid, caller: '+15•••••0001', turns: 0, phone: true, beganAt: new Date().toISOString() });
        return twiml(response, connect(call.callSid, true));
      case '/voice/handoff':
        if (over) return twiml(response, '');
        if (form.get('SessionStatus') === 'failed') return twiml(response, connect(call.callSid, false));
        if (call.done) return twiml(response, '<Hangup/>');
        change(call.callSid, { state: 'queued', trigger: 'request' });
        return twiml(response, `<Enqueue workflowSid="WW00000000000000000000000000000000" action="/voice/queued?s=1"><Task>${form.get('HandoffData').replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</Task></Enqueue><Say>Sorry.</Say>`);
      case '/voice/queued':
        if (form.get('QueueResult') === 'bridging-in-process') change(call.callSid, { state: 'withPerson' });
        return twiml(response, form.get('QueueResult') === 'leave' ? '<Dial timeout="30" answerOnBridge="true" action="/voice/dial?s=1"><Number>+15550100000</Number></Dial>' : '');
      case '/voice/dial':
        return twiml(response, form.get('DialCallStatus') === 'completed' || over ? '<Hangup/>'
          : '<Say language="en-US">Nobody can take your call. Please leave a message.</Say><Record action="/voice/recording" maxLength="180" playBeep="true"/><Hangup/>');
      case '/voice/recording': return twiml(response, '<Say language="en-US">Thank you. Goodbye.</Say><Hangup/>');
      case '/voice/status':
        live.delete(call.callSid);
        tell('gone', { callSid: call.callSid, outcome: 'escalated', trigger: 'request' });
        return twiml(response, '');
      default: return problem(response, 404, 'Not found');
    }
  }

  async function file(response, name) {
    const path = normalize(join(ROOT, name));
    const content = path.startsWith(ROOT) ? await readFile(path).catch(() => null) : null;
    if (!content) return problem(response, 404, 'Not found');
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-security-policy': name.includes('desk.html') ? CSP.replace("frame-ancestors 'none'", "frame-ancestors 'self'") : CSP });
    return response.end(content);
  }

  const server = createServer(async (request, response) => {
    const url = new URL(request.url, 'http://localhost');
    let raw = '';
    for await (const chunk of request) raw += chunk;
    const path = url.pathname;
    if (path.startsWith('/api/v1')) return api(request, response, path.slice(7), url.searchParams, raw ? JSON.parse(raw) : {});
    if (path.startsWith('/voice/')) return voice(request, response, path, new URLSearchParams(raw));
    if (path === '/') return file(response, 'index.html');
    if (path.startsWith('/desk/')) return file(response, 'test/desk.html');
    if (path.startsWith('/console/')) return file(response, path.slice(9));
    return problem(response, 404, 'Not found');
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (open) => {
    const call = phones.get(request.url.split('/').pop());
    call.socket = open;
    call.connects += 1;
    if (call.connects > 1) open.send(JSON.stringify({ type: 'text', token: 'Sorry, we were cut off. Please go on.', last: true }));
    answer(open, call);
  }));
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    breakFeed: () => streams.forEach((stream) => stream.destroy()),
    url: `http://127.0.0.1:${server.address().port}`, phones, seen, live, change, tell, password: PASSWORD,
    close: () => new Promise((resolve) => {
      streams.forEach((stream) => stream.end());
      server.closeAllConnections();
      server.close(resolve);
    }),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const has = (name) => process.argv.includes(name);
  const { url, password } = await start({ kind: has('--empty') ? 'empty' : 'busy', locked: has('--locked'), desk: has('--desk'), port: 8099 });
  process.stdout.write(`${url} (password, where one is asked for: ${password})\n`);
}
