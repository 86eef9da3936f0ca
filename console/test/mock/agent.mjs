// A relay that answers like the embedded agent: enough to rehearse the phone without a real server.

const TASK = (call) => ({
  name: call.from, type: 'inbound', reasonCode: 'caller_request', reason: 'The caller asked for a person', sentiment: call.upset ? 'negative' : 'neutral',
  callSummary: `The caller began with “${call.said[0] ?? ''}”. Last said: “${call.said.at(-1) ?? ''}”. The assistant’s last words were “I am connecting you with a person now.”`,
  warmline: {
    version: 1, handoffId: 'HO1', callSid: call.callSid, outcome: 'escalated', trigger: 'request', summaryBy: 'transcript', language: 'en-US',
    turns: call.said.length, seconds: 31, memory: { tracking_number: '47110815' }, transcript: call.said.map((text) => ({ who: 'caller', text })),
    ...(call.deskUrl ? { deskUrl: call.deskUrl } : {}),
  },
});

/** @param {import('ws').WebSocket} socket */
export function answer(socket, call, { delay = 120 } = {}) {
  const send = (frame) => socket.readyState === 1 && socket.send(JSON.stringify(frame));
  let turn = 0;
  let leaving = false;
  const say = (words, more = {}) => {
    turn += 1;
    const mine = turn;
    const tokens = words.split(/(?<= )/u);
    tokens.forEach((token, index) => setTimeout(() => mine === turn && send({ type: 'text', token, last: false, ...more }), delay + index * 12));
    setTimeout(() => mine === turn && send({ type: 'text', token: '', last: true, ...more }), delay + tokens.length * 12);
  };
  const person = () => {
    leaving = true;
    say('I am connecting you with a person now.', { interruptible: false });
  };
  const leave = () => {
    call.state('leaving');
    send({ type: 'end', handoffData: JSON.stringify(call.done ? { warmline: { outcome: 'completed' } } : TASK(call)) });
  };
  socket.on('message', (data) => {
    const frame = JSON.parse(data);
    call.frames.push(frame);
    if (frame.type === 'info' && frame.name === 'agentSpeaking') {
      call.state(frame.value === 'on' ? 'speaking' : 'listening');
      if (frame.value === 'off' && leaving) leave();
    }
    if (frame.type === 'interrupt') {
      turn += 1;
      call.state('listening');
    }
    if (frame.type === 'dtmf' && frame.digit === '0') person();
    if (frame.type !== 'prompt' || !frame.last || leaving) return;
    call.said.push(frame.voicePrompt);
    call.state('thinking', { who: 'caller', text: frame.voicePrompt });
    const heard = frame.voicePrompt.toLowerCase();
    if (/person|human|somebody/u.test(heard)) person();
    else if (/bye/u.test(heard)) {
      Object.assign(call, { done: true });
      leaving = true;
      say('Thank you for calling. Goodbye.', { interruptible: false });
    } else if (/charged|bill/u.test(heard)) say('I am sorry about that. A colleague looks into a bill that is not right. Would you like me to connect you with a person?');
    else say('You can see where a parcel is at any time with its tracking number, on our website or in the app. The tracking number has eight to twelve digits. Do you have it at hand?');
  });
}
