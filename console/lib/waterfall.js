// Where the time of a turn went: arithmetic only. The drawing is in parts/waterfall.js.

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
 */
export function turn(said) {
  if (said.who !== 'agent') return null;
  const steps = { ...said.steps, beganAt: said.steps?.beganAt };
  const prompted = moment(said.promptedAt);
  const origin = Number.isNaN(prompted) ? moment(steps.beganAt) : prompted;
  // A sentence of our own, such as the greeting, has no model's word and answers nobody.
  if (Number.isNaN(origin) || (!said.promptedAt && !steps.firstDeltaAt)) return null;
  const spans = [];
  const marks = { promptedAt: 0 };
  let from = 0;
  for (const [step, name] of STEPS) {
    const at = moment(steps[step]) - origin;
    if (Number.isNaN(at)) continue;
    // Clocks of two machines may disagree by a little.
    const to = Math.max(from, at);
    marks[step] = to;
    if (step !== 'beganAt' || said.promptedAt) spans.push({ name, from, to });
    from = to;
  }
  const { firstFrameAt, firstDeltaAt, speakingAt, heardAt } = marks;
  return {
    origin,
    marks,
    spans,
    firstWord: firstFrameAt ?? firstDeltaAt ?? null,
    firstSound: speakingAt ?? null,
    spoken: heardAt === undefined || speakingAt === undefined ? null : heardAt - speakingAt,
    written: Number.isNaN(moment(steps.finishedAt)) ? null : Math.max(0, moment(steps.finishedAt) - origin),
    interrupted: Boolean(said.interrupted),
  };
}

/** All measured turns of a transcript, numbered as the agent's answers. */
export function turns(transcript) {
  const measured = transcript.map((said, place) => ({ place, said, turn: turn(said) })).filter((one) => one.turn);
  return measured.map((one, index) => ({ ...one.turn, said: one.said, place: one.place, number: index + 1 }));
}

/** The value that `share` of the sorted values do not exceed (nearest rank); null if there is none. */
export function quantile(values, share) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** What a reader wants to know of all turns. */
export function summary(measured) {
  const words = measured.map((one) => one.firstWord).filter((value) => value !== null);
  const sounds = measured.map((one) => one.firstSound).filter((value) => value !== null);
  return {
    turns: measured.length,
    firstWord: quantile(words, 0.5),
    slowest: words.length ? Math.max(...words) : null,
    firstSound: quantile(sounds, 0.5),
  };
}

/** How much time the drawing covers: until the first sound, or until all was heard. */
export function extent(measured, whole) {
  const ends = measured.map((one) => {
    const { heardAt, speakingAt, firstFrameAt = 0 } = one.marks;
    return whole ? heardAt ?? speakingAt ?? firstFrameAt : speakingAt ?? firstFrameAt;
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
