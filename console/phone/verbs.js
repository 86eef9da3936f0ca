// What Twilio does with each verb of a document. Every verb answers the document that takes over, `STOP` if the
// call is over, or null if the next verb is due.
//
// https://www.twilio.com/docs/voice/twiml

import { Player } from './player.js';
import * as twiml from './twiml.js';
import { LineError, sid } from './webhooks.js';

export const STOP = Symbol('stop');
/** So often the words of an announcement move on. */
const FRAME = 70;

const seconds = (since) => Math.floor((performance.now() - since) / 1000);

/** Runs a document verb by verb. An action's answer takes the place of what is left of it. */
export async function run(line, document) {
  for (const element of twiml.verbs(document)) {
    // What is answered to a caller who has gone is not run.
    if (line.isOver || line.leaving) break;
    const verb = VERBS[element.name] ?? other;
    const next = await verb(line, element);
    if (next === STOP) return;
    if (next) {
      await run(line, next);
      return;
    }
  }
  line.over('document');
}

/** A session with the agent. */
async function connect(line, element) {
  const noun = twiml.session(element);
  if (!noun) throw new LineError('document');
  const ending = await line.talk(noun);
  const fields = { SessionId: ending.session, SessionStatus: ending.status, SessionDuration: ending.seconds };
  if (ending.handoffData !== undefined && ending.handoffData !== null) fields.HandoffData = ending.handoffData;
  if (ending.error) Object.assign(fields, { ErrorCode: ending.error, ErrorMessage: ending.message });
  if (!noun.action) return over(line);
  if (!line.leaving) line.enter('moving');
  return line.ask(noun.action, fields);
}

/** A queue, where people take the call. */
async function enqueue(line, element) {
  const { action, ...task } = twiml.task(element);
  const [began, QueueSid] = [performance.now(), sid('QU')];
  line.enter('queued');
  line.tell('task', task);
  const result = await line.wait();
  const fields = { QueueSid, QueueTime: seconds(began) };
  if (result.accepted) {
    line.enter('person');
    // Flex moves the call into a conference: the queue's action is asked at once, and decides nothing.
    if (action) await line.post(action, { ...fields, QueueResult: 'bridging-in-process' });
    line.released = !(await line.wait()).gone;
    return over(line);
  }
  line.tell('left', { gone: Boolean(result.gone) });
  // The queue's document is asked even if the caller has gone, who does not hear what it answers.
  const next = action ? await line.ask(action, { ...fields, QueueResult: result.gone ? 'hangup' : 'leave' }) : null;
  return result.gone ? over(line) : next;
}

/** A telephone that rings. */
async function dial(line, element) {
  const { action, seconds: longest, ...call } = twiml.dial(element);
  line.enter('ringing');
  line.tell('ring', call);
  const result = await line.wait(longest * 1000);
  const began = performance.now();
  const fields = { DialCallSid: sid('CA') };
  if (result.accepted) {
    line.enter('person');
    line.released = !(await line.wait()).gone;
    Object.assign(fields, { DialCallStatus: 'completed', DialBridged: 'true', DialCallDuration: seconds(began) });
  } else {
    line.tell('left', { gone: Boolean(result.gone) });
    Object.assign(fields, { DialCallStatus: result.gone ? 'canceled' : 'no-answer', DialBridged: 'false' });
  }
  if (!line.leaving) line.enter('moving');
  const next = action ? await line.ask(action, fields) : null;
  return line.leaving ? over(line) : next;
}

/** Speech without a session. */
async function say(line, element) {
  line.enter('announcing');
  const player = new Player(line.pace);
  const reply = { number: 0, text: element.text.trim(), heard: 0, shown: 0, closed: true, cut: false, line: true };
  line.tell('reply', { reply });
  player.speak({ token: reply.text, last: true, interruptible: false, reply: 0 }, performance.now());
  for (;;) {
    const now = performance.now();
    for (const report of player.poll(now)) if (report.kind === 'played') reply.heard += report.text.length;
    reply.shown = Math.max(reply.shown, reply.heard + (player.progress(now)?.characters ?? 0));
    line.tell('shown', { reply });
    if (reply.heard >= reply.text.length) return null;
    if ((await line.wait(FRAME)).gone) return over(line);
  }
}

/** A message. What was said is not kept; how long it was is. */
async function record(line, element) {
  const { action, maxLength = 3600 } = element.attributes;
  const began = performance.now();
  line.enter('recording');
  line.tell('record');
  const result = await line.wait(Number(maxLength) * 1000);
  const RecordingDuration = Math.max(1, Math.round((performance.now() - began) / 1000));
  line.tell('recorded', { seconds: RecordingDuration });
  const RecordingSid = sid('RE');
  // Without an action, the document begins anew.
  const next = await line.ask(action ?? '/voice/incoming', {
    RecordingSid, RecordingDuration, Digits: result.gone ? 'hangup' : result.digit ?? '',
    RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${line.minted.accountSid}/Recordings/${RecordingSid}`,
  });
  return result.gone ? over(line) : next;
}

async function pause(line, element) {
  return (await line.wait(Number(element.attributes.length ?? 1) * 1000)).gone ? over(line) : null;
}

function hangup(line) {
  line.over('server');
  return STOP;
}

/** A verb this telephone knows nothing of. */
function other(line, element) {
  line.log({ kind: 'verb', label: element.name, body: twiml.written(element) });
  return null;
}

function over(line) {
  line.over('document');
  return STOP;
}

const VERBS = {
  Connect: connect,
  Enqueue: enqueue,
  Dial: dial,
  Say: say,
  Record: record,
  Pause: pause,
  Redirect: (line, element) => line.ask(element.text.trim(), {}),
  Hangup: hangup,
  Reject: hangup,
};
