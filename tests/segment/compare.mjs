// Compares what we send to Segment with what Segment's own client sends: the same kinds of events, by both, to a
// server that takes them down. usage: compare.mjs WARMLINE CALL_SCRIPT
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'

// Found where the script is started, not where it lies.
const { Analytics } = createRequire(join(process.cwd(), 'x.js'))('@segment/analytics-node')
const [warmline, script] = process.argv.slice(2)
const KEY = 'write-key'

// What the client says of itself, which is no part of the API.
const OWN = ['_metadata']

async function capture() {
  const requests = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url, headers } = request
      requests.push({ method, url, headers, body: JSON.parse(Buffer.concat(chunks)) })
      response.setHeader('content-type', 'application/json')
      response.end('{"success":true}')
      server.emit('taken')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${server.address().port}`
  const events = () => requests.flatMap((request) => request.body.batch)
  const until = async (count) => {
    while (events().length < count) await once(server, 'taken', { signal: AbortSignal.timeout(20_000) })
    return requests
  }
  return { origin, requests, events, until, close: () => server.close() }
}

/// One call, told by our server.
async function ours() {
  const there = await capture()
  const folder = mkdtempSync(join(tmpdir(), 'warmline-segment-'))
  writeFileSync(join(folder, 'warmline.toml'), '[tracking]\nidentify = true\n')
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const port = probe.address().port
  await new Promise((closed) => probe.close(closed))
  const env = {
    PATH: process.env.PATH, PORT: String(port), DATABASE_URL: 'sqlite:calls.db', RUST_LOG: 'warn',
    SEGMENT_WRITE_KEY: KEY, SEGMENT_TRACKING_BASE_URL: `${there.origin}/v1`,
  }
  const server = spawn(warmline, ['serve'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    let said = ''
    while (!said.includes('listening')) said += (await once(server.stdout, 'data'))[0]
    server.stdout.resume()
    const arguments_ = ['chat', '--url', `http://127.0.0.1:${port}`, '--script', script]
    const call = spawn(warmline, arguments_, { cwd: folder, env, stdio: 'ignore' })
    const [code] = await once(call, 'exit')
    assert.equal(code, 0, 'the call fails')
    await there.until(3)
    // The caller has gone: an escalation waits no longer for its person.
    const over = new URLSearchParams({ CallSid: there.events()[0].properties.callSid, CallStatus: 'completed' })
    const noted = await fetch(`http://127.0.0.1:${port}/voice/status`, { method: 'POST', body: over })
    assert.equal(noted.status, 200)
    await there.until(4)
  } finally {
    server.kill()
    await once(server, 'exit')
  }
  there.close()
  return there
}

/// The same events, told by Segment's client.
async function theirs(events) {
  const there = await capture()
  const client = new Analytics({ writeKey: KEY, host: there.origin, maxRetries: 0 })
  const failures = []
  client.on('error', (error) => failures.push(error))
  for (const event of events) {
    const { type, event: name, properties, traits, userId, anonymousId, messageId, timestamp, context } = event
    const { externalIds } = context
    const who = { userId, anonymousId, messageId, timestamp: new Date(timestamp), context: { externalIds } }
    if (type === 'track') client.track({ ...who, event: name, properties })
    else if (type === 'identify') client.identify({ ...who, traits })
    else assert.fail(`an event of an unknown type: ${type}`)
  }
  await client.closeAndFlush()
  assert.deepEqual(failures, [])
  await there.until(events.length)
  there.close()
  return there
}

/// The shape of a value: keys and types, all the way down. Texts that are moments are told apart from others.
function shape(value) {
  if (Array.isArray(value)) return value.map(shape)
  if (value === null || typeof value !== 'object') {
    return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) ? 'moment' : typeof value
  }
  const keys = Object.keys(value).filter((key) => !OWN.includes(key)).sort()
  return Object.fromEntries(keys.map((key) => [key, shape(value[key])]))
}

const we = await ours()
const told = we.events()
const they = await theirs(told)
assert.deepEqual(told.map((event) => event.event ?? event.type).sort(),
  ['Escalation', 'Flex - Engagement Completed', 'Flex - Engagement Initiated', 'identify'])
const other = they.requests[0]
for (const one of we.requests) {
  assert.deepEqual([one.method, one.url], [other.method, other.url])
  for (const header of ['authorization', 'content-type']) {
    assert.equal(one.headers[header], other.headers[header], header)
  }
  const envelope = ({ batch, ...rest }) => shape(rest)
  assert.deepEqual(envelope(one.body), envelope(other.body))
  assert.equal(one.body.writeKey, other.body.writeKey)
}
for (const event of told) {
  const twin = they.events().find((other) => other.messageId === event.messageId)
  assert.ok(twin, `${event.messageId} was not told by the client`)
  assert.deepEqual(shape(event), shape(twin), event.messageId)
  // But for the library's name all of it is equal, value by value.
  const plain = ({ _metadata, context: { library, ...context }, ...rest }) => ({ ...rest, context })
  assert.deepEqual(plain(event), plain(twin))
  assert.ok(event.messageId.length < 100 && Buffer.byteLength(JSON.stringify(event)) < 32 * 1024)
}
console.log(`${told.length} events are told as Segment's client tells them`)
