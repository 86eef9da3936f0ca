// Times, durations and names, as people read them.

import { text } from '../text.js';

const { locale } = text;
const day = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
const year = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const exactly = new Intl.DateTimeFormat(locale, {
  weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit',
  second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23', timeZoneName: 'short',
});
const numbers = new Intl.NumberFormat(locale);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** `0:41`, `12:05`, `1:02:03` */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value) => String(value).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** `41 seconds`, `12 minutes 5 seconds`: the same for ears. */
export function durationWords(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [[Math.floor(seconds / 3600), 'hour'], [Math.floor(seconds / 60) % 60, 'minute'], [seconds % 60, 'second']];
  const named = parts.filter(([value]) => value).map(([value, unit]) => text.count[unit](value));
  return named.join(' ') || text.count.second(0);
}

/** `3 hours 14 minutes`: the two largest units. */
export function roughly(ms) {
  const minutes = Math.floor(ms / MINUTE);
  if (minutes < 1) return durationWords(ms);
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  const parts = [[days, 'day'], [hours, 'hour'], [minutes % 60, 'minute']].filter(([value]) => value);
  return parts.slice(0, 2).map(([value, unit]) => text.count[unit](value)).join(' ');
}

/** `0.4 ms`, `12 ms`, `1.24 s`, `12.4 s`, `1:32` */
export function latency(ms) {
  if (ms === null || ms === undefined) return text.none;
  if (ms < 1 && ms > 0) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < MINUTE) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return duration(ms);
}

/** `just now`, `12 s ago`, `5 min ago`, `14:02`, `Tue 14:02`, `3 Nov`, `3 Nov 2025` */
export function ago(then, now) {
  const passed = now - then;
  if (passed < 5_000) return text.time.now;
  if (passed < MINUTE) return text.time.seconds(Math.floor(passed / 1000));
  if (passed < HOUR) return text.time.minutes(Math.floor(passed / MINUTE));
  const [date, today] = [new Date(then), new Date(now)];
  const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate()).getTime();
  if (then >= midnight) return clock.format(date);
  if (then >= midnight - 24 * HOUR) return text.time.yesterday(clock.format(date));
  return date.getFullYear() === today.getFullYear() ? `${day.format(date)}, ${clock.format(date)}` : year.format(date);
}

/** The moment to the millisecond, with its time zone. */
export function exact(then) {
  return exactly.format(new Date(then));
}

export function count(value) {
  return numbers.format(value);
}

/** `CA0df7…e4f8`: enough to tell two apart. */
export function shortSid(sid) {
  return sid.length > 14 ? `${sid.slice(0, 6)}…${sid.slice(-4)}` : sid;
}

/** Where a call went, with its identifier shortened: `workflow:WW0000…0000`. */
export function target(name) {
  return name.replace(/\b[A-Z]{2}[0-9a-f]{32}\b/u, shortSid);
}

/** `order_number` as words. */
export function words(name) {
  return String(name).replaceAll('_', ' ');
}

/** A code such as `no_progress` with a capital. */
export function title(name) {
  const spaced = words(name);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** What of a text was heard, and what was not. */
export function heardOf(said) {
  const whole = said.text ?? '';
  const heard = said.heard ?? whole;
  // Masking may have changed one of them: then nothing can be matched, and both are shown.
  if (!whole.startsWith(heard)) return { heard: '', unheard: '', whole };
  return { heard, unheard: whole.slice(heard.length), whole };
}
