// Small words with a meaning: states, moods, ends.

import { h, replace } from '../lib/dom.js';
import { title } from '../lib/format.js';
import { text } from '../text.js';
import { icon } from './icons.js';

const FACES = { positive: 'happy', neutral: 'calm', negative: 'upset' };

/** Who speaks, with bars that move while somebody does. */
export function state(name) {
  const chip = h('span.chip.state');
  return showState(chip, name);
}

export function showState(chip, name) {
  if (chip.dataset.state === name) return chip;
  chip.dataset.state = name;
  const bars = h('span.bars', { 'aria-hidden': 'true' }, h('i'), h('i'), h('i'));
  return replace(chip, bars, text.states[name] ?? title(name));
}

export function mood(sentiment) {
  if (!sentiment) return null;
  return h('span.chip.mood', { dataset: { mood: sentiment } }, icon(FACES[sentiment] ?? 'calm', 16),
    text.mood[sentiment] ?? title(sentiment));
}

export function trigger(name) {
  return name ? h('span.chip.trigger', icon('flag', 14), text.triggers[name] ?? title(name)) : null;
}

export function outcome(call) {
  const name = call.live ? 'live' : call.outcome ?? 'open';
  return h('span.chip.outcome', { dataset: { outcome: name } }, text.outcomes[name] ?? title(name));
}

export function handoffState(name) {
  return h('span.chip.handoff', { dataset: { state: name } }, text.handoffStates[name] ?? title(name));
}
