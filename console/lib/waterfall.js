// Where the time of an answer went: arithmetic only. The drawing is in parts/waterfall.js.

/** The steps of a turn, in order, and what the time before each of them was spent on. */
const STEPS = [
  ['beganAt', 'request'],
  ['firstDeltaAt', 'model'],
  ['firstFrameAt', 'frame'],
  ['speakingAt', 'voice'],
  ['heardAt', 'speech'],
];

const moment = (text) => (text ? Date.parse(text) : NaN);

/**
 * One turn of the agent in milliseconds since the caller's words arrived; null if nothing was measured.
 * @param {object} said a turn as the API tells it
 * @param {number} [origin] when the words arrived that it answers, if not as it says itself
 */
export function turn(said, origin = Number.isNaN(moment(said.promptedAt)) ? moment(said.steps?.beganAt) : moment(said.promptedAt)) {
  if (said.who !== 'agent' || Number.isNaN(origin)) return null;
  // A sentence of our own, such as the greeting, has no model's word and answers nobody.
  if (!said.promptedAt && !said.steps.firstDeltaAt) return null;
  const steps = STEPS.filter(([step]) => step !== 'beganAt' || said.promptedAt);
  return measure(origin, steps.flatMap(([step, name]) => event(origin, said.steps[step], step, name)), said);
}

/** One event, or none where its time is not known. */
function event(origin, text, step, name) {
  const at = moment(text) - origin;
  return Number.isNaN(at) ? [] : [{ step, name, at: Math.max(0, at) }];
}

/** The tools that were waited for. */
function tools(origin, said) {
  return said.tools.flatMap(({ beganAt, endedAt }) =>
    [...event(origin, beganAt, 'toolAt', 'model'), ...event(origin, endedAt, 'toolDoneAt', 'tool')]);
}

/** Puts events in order and tells the time between them. Clocks of two machines may disagree by a little. */
function measure(origin, events, said) {
  const order = new Map(STEPS.map(([step], place) => [step, place]));
  const sorted = events
    .map((one, place) => ({ ...one, place }))
    .sort((one, other) => (order.has(one.step) && order.has(other.step) ? one.place - other.place : one.at - other.at));
  let from = 0;
  const spans = [];
  for (const one of sorted) {
    one.at = Math.max(from, one.at);
    spans.push({ name: one.name, from, to: one.at });
    from = one.at;
  }
  const first = (step) => sorted.find((one) => one.step === step)?.at ?? null;
  const last = (step) => sorted.findLast((one) => one.step === step)?.at ?? null;
  return {
    origin, events: sorted, spans, said,
    firstWord: first('firstFrameAt'),
    firstSound: first('speakingAt'),
    heard: last('heardAt'),
    interrupted: Boolean(said.interrupted),
  };
}

/**
 * The answers of a transcript, numbered. What the agent said before and after a tool is one answer: the caller
 * waited for both.
 */
export function answers(transcript) {
  const found = [];
  let open = null;
  transcript.forEach((said, place) => {
    const measured = turn(said);
    if (!measured) {
      open = said.who === 'agent' ? open : null;
      return;
    }
    const goes = open && said.promptedAt && open.said.promptedAt === said.promptedAt;
    if (goes) {
      const { answer: { origin, events, place: first } } = open;
      const all = [...events, ...tools(origin, open.said), ...turn(said, origin).events];
      Object.assign(open.answer, measure(origin, all, said), { place: first });
    } else found.push({ ...measured, place, number: found.length + 1 });
    const answer = goes ? open.answer : found.at(-1);
    open = said.tools?.length ? { answer, said } : null;
  });
  return found;
}

/** The value that `share` of the sorted values do not exceed (nearest rank); null if there is none. */
export function quantile(values, share) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** What a reader wants to know of all answers. */
export function summary(measured) {
  const words = measured.map((one) => one.firstWord).filter((value) => value !== null);
  const sounds = measured.map((one) => one.firstSound).filter((value) => value !== null);
  return {
    answers: measured.length,
    firstWord: quantile(words, 0.5),
    slowest: words.length ? Math.max(...words) : null,
    firstSound: quantile(sounds, 0.5),
  };
}

/** How much time the drawing covers: until the first sound, or until all was heard. */
export function extent(measured, whole) {
  const ends = measured.map(({ heard, firstSound, firstWord, spans }) => {
    const end = spans.at(-1)?.to ?? 0;
    return whole ? heard ?? end : firstSound ?? firstWord ?? end;
  });
  const longest = Math.max(1, ...ends);
  // Room behind the last one, so that its speech can be seen to begin.
  return whole ? longest : longest * 1.2;
}

/** A span in percent of the extent; cut at its end, which `more` tells. */
export function placed({ from, to }, whole) {
  const left = Math.min(100, (from / whole) * 100);
  const right = Math.min(100, (to / whole) * 100);
  return { left, width: right - left, more: to > whole };
}

/** Round times for the axis, at most five beside zero. */
export function ticks(whole) {
  const rough = whole / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough);
  const count = Math.floor(whole / step + 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Math.round(index * step * 1000) / 1000);
}
