// What the panel says for the words of the document.

import type { Handoff, Mood, Verified } from './handoff';

export const MOODS: Record<Mood, string> = { negative: 'Upset', neutral: 'Neutral', positive: 'Friendly' };

/** How far the number can be believed: in short, and what that means. */
export const VERIFIED: Record<Verified, { trust: 'yes' | 'no' | 'unknown'; short: string; long: string }> = {
  full: {
    trust: 'yes',
    short: 'Number genuine, caller not verified',
    long: 'The network vouches for the number. Who is calling was not verified.',
  },
  partial: {
    trust: 'unknown',
    short: 'Number not confirmed',
    long: 'The network vouches for the line that the call came from, not for the number. Who is calling was not verified.',
  },
  gateway: {
    trust: 'unknown',
    short: 'Number not confirmed',
    long: 'The network vouches for the gateway that the call came through, not for the number. Who is calling was not verified.',
  },
  failed: {
    trust: 'no',
    short: 'Number may be forged',
    long: 'The network says that the number may be forged. Who is calling was not verified.',
  },
  none: {
    trust: 'unknown',
    short: 'Number not verified',
    long: 'The number is what the network sent. Nobody vouches for it.',
  },
};

const TRIGGERS = new Map([
  ['model', 'The assistant decided'],
  ['request', 'The caller asked'],
  ['key', 'The caller pressed the key'],
  ['model_failure', 'The assistant failed'],
  ['tool_failure', 'A tool of the assistant failed'],
  ['bridge_failure', 'The assistant was not available'],
  ['silence', 'The caller was silent'],
  ['no_progress', 'They did not understand each other'],
  ['sentiment', 'The caller sounded upset again and again'],
  ['longest_duration', 'The call had lasted long'],
  ['most_turns', 'The talk went on and on'],
  ['topic', 'The caller named a matter for a person'],
  ['emergency', 'The caller spoke of an emergency'],
  ['drain', 'The assistant was being restarted'],
  ['overload', 'The assistant was busy'],
  ['supervisor', 'A supervisor took the call'],
  ['routing', 'A rule sent the call to a person at once'],
]);

/** What led to the hand-off. A trigger that is not known here is shown as it is. */
export const triggerWords = (trigger: string): string => TRIGGERS.get(trigger) ?? trigger.replace(/_/gu, ' ');

/** `es-US` as `Spanish (United States)`; what is no language tag, as it is. */
export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames(['en'], { type: 'language', languageDisplay: 'standard' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** As much of a text as fits into so many characters, cut between words where there are any. */
export function beginning(text: string, longest: number): string {
  const characters = Array.from(text);
  if (characters.length <= longest) return text;
  const cut = characters.slice(0, longest - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${(space > cut.length / 2 ? cut.slice(0, space) : cut).trimEnd()}…`;
}

export function duration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** How long the assistant had the call, where that is known. */
export function withAssistant({ seconds, turns }: Handoff): string | undefined {
  const parts = [
    seconds === undefined ? [] : [duration(seconds)],
    turns === undefined ? [] : [turns === 1 ? '1 answer' : `${turns} answers`],
  ].flat();
  return parts.length === 0 ? undefined : parts.join(', ');
}
