// What the server sends, judged as Twilio judges it.
//
// https://www.twilio.com/docs/voice/conversationrelay/websocket-messages

import { text } from '../text.js';

/** A message as an object; null if it is none. */
export function read(message) {
  try {
    const frame = JSON.parse(message);
    return frame && typeof frame === 'object' && !Array.isArray(frame) ? frame : null;
  } catch {
    return null;
  }
}

/** Why Twilio would not accept a frame; null if it would. */
export function fault(frame) {
  if (!frame || typeof frame.type !== 'string') return text.faults.object;
  const mistaken = (names, type) => names.some((name) => frame[name] !== undefined && typeof frame[name] !== type);
  const lacks = (name) => typeof frame[name] !== 'string';
  if (mistaken(['last', 'interruptible', 'preemptible'], 'boolean')) return text.faults.flag;
  if (mistaken(['lang', 'ttsLanguage', 'transcriptionLanguage', 'handoffData'], 'string')) {
    return text.faults.string;
  }
  switch (frame.type) {
    case 'text':
      return lacks('token') ? text.faults.token : null;
    case 'play':
      if (frame.loop !== undefined && !(Number.isInteger(frame.loop) && frame.loop >= 0)) {
        return text.faults.loop;
      }
      return lacks('source') ? text.faults.source : null;
    case 'sendDigits':
      return /^[0-9w#*]+$/u.test(frame.digits ?? '') ? null : text.faults.digits;
    case 'language':
      return lacks('ttsLanguage') && lacks('transcriptionLanguage') ? text.faults.language : null;
    case 'end': case 'config': case 'hints':
      return null;
    default:
      return text.faults.type;
  }
}

/** A frame in one line, for the log. */
export function line(frame) {
  const words = text.frames;
  const joined = (...parts) => parts.filter(Boolean).join(' · ');
  switch (frame?.type) {
    case 'text':
      return joined(JSON.stringify(frame.token), frame.last && words.last, frame.interruptible === false && words.uninterruptible);
    case 'prompt': return joined(JSON.stringify(frame.voicePrompt), !frame.last && words.partial);
    case 'interrupt':
      return joined(JSON.stringify(frame.utteranceUntilInterrupt), words.after(frame.durationUntilInterruptMs));
    case 'info': return `${frame.name} ${JSON.stringify(frame.value)}`;
    case 'dtmf': return frame.digit;
    case 'setup': return frame.callSid;
    case 'language': return joined(frame.ttsLanguage, frame.transcriptionLanguage);
    case 'play': return frame.source;
    case 'sendDigits': return frame.digits;
    case 'end': return frame.handoffData ?? '';
    case 'error': return frame.description;
    default: return '';
  }
}
