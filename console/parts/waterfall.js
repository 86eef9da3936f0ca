// Where the time of each answer went, as a table whose middle column is a drawing.

import { h, replace } from '../lib/dom.js';
import { latency } from '../lib/format.js';
import { answers, extent, placed, summary, ticks } from '../lib/waterfall.js';
import { recall, keep } from '../lib/memory.js';
import { text } from '../text.js';

const words = text.waterfall;
const SPANS = Object.keys(words.spans);

/** The whole section; `update(transcript)` draws it anew and keeps what is open. */
export function waterfall() {
  const body = h('div.waterfall-body');
  const section = h('section.card.waterfall', { 'aria-labelledby': 'waterfall-title' },
    h('header.card-head', h('div', h('h2', { id: 'waterfall-title' }, words.title), h('p.quiet', words.lead)), scale()),
    body);
  const opened = new Set();
  let measured = [];
  let whole = recall('waterfall.whole', false);

  function scale() {
    const choice = (value, label) => h('label', h('input', {
      type: 'radio', name: 'waterfall-scale', value, checked: (value === 'whole') === recall('waterfall.whole', false),
      onchange: () => {
        whole = value === 'whole';
        keep('waterfall.whole', whole);
        draw();
      },
    }), h('span', label));
    return h('fieldset.segments', h('legend.hidden', words.scale), choice('short', words.short), choice('whole', words.whole));
  }

  function draw() {
    if (!measured.length) return replace(body, h('p.quiet', words.none));
    const covered = extent(measured, whole);
    return replace(body, figures(summary(measured)), legend(measured.some(({ spans }) => spans.some(({ name, from, to }) => name === 'tool' && to > from))), table(measured, covered, opened));
  }

  return {
    element: section,
    update(transcript) {
      measured = answers(transcript);
      draw();
    },
  };
}

function figures({ answers: count, firstWord, slowest, firstSound }) {
  const figure = (name, value, hint) => h('div.figure', h('dt', name), h('dd.num', value), hint && h('dd.hint', hint));
  return h('dl.figures',
    figure(words.firstWord, latency(firstWord), words.firstWordHint),
    figure(words.firstSound, latency(firstSound), words.firstSoundHint),
    figure(words.slowest, latency(slowest)),
    figure(words.answers, String(count)));
}

function legend(tools) {
  return h('ul.legend', SPANS.filter((name) => tools || name !== 'tool').map((name) => h('li', { title: words.spans[name][1] },
    h('i', { dataset: { span: name }, 'aria-hidden': 'true' }), words.spans[name][0])));
}

function table(measured, covered, opened) {
  const marks = ticks(covered);
  const head = h('thead', h('tr',
    h('th', { scope: 'col' }, h('span.hidden', words.columns.turn)),
    h('th.axis', { scope: 'col' }, h('span.hidden', words.columns.bar),
      h('span.ticks', { 'aria-hidden': 'true' }, marks.map((at) => h('span', {
        style: { left: `${(at / covered) * 100}%` },
      }, latency(at))))),
    h('th.end', { scope: 'col' }, words.columns.first),
    h('th.end.wide', { scope: 'col' }, words.columns.sound)));
  return h('table.falls', head, measured.map((turn) => group(turn, covered, marks, opened)));
}

function group(turn, covered, marks, opened) {
  const key = turn.place;
  const details = h('tr.steps', { hidden: !opened.has(key) }, h('td', { colspan: 4 }, steps(turn)));
  const toggle = h('button.turn', {
    type: 'button', 'aria-expanded': String(opened.has(key)), 'aria-label': words.details(turn.number),
    onclick: () => {
      const open = details.hidden;
      details.hidden = !open;
      toggle.setAttribute('aria-expanded', String(open));
      if (open) opened.add(key);
      else opened.delete(key);
    },
  }, h('span.num', String(turn.number)));
  return h('tbody', h('tr',
    h('th', { scope: 'row' }, toggle),
    h('td', h('div.bar', { title: turn.said.text?.trim().slice(0, 120) ?? '' },
      marks.map((at) => h('span.line', { 'aria-hidden': 'true', style: { left: `${(at / covered) * 100}%` } })),
      turn.spans.map((span) => bar(span, covered, turn)))),
    h('td.end.num', latency(turn.firstWord)),
    h('td.end.num.wide', latency(turn.firstSound))), details);
}

function bar(span, covered, turn) {
  const { left, width, more } = placed(span, covered);
  if (width <= 0 && span.to > span.from) return null;
  const time = latency(span.to - span.from);
  return h('span.span', {
    dataset: { span: span.name, more, cut: span.name === 'speech' && turn.interrupted },
    title: `${words.spans[span.name][0]}: ${time} (${words.spans[span.name][1]})`,
    style: { left: `${left}%`, width: `${width}%` },
  }, h('span.hidden', `${words.spans[span.name][0]} ${time}. `));
}

function steps(turn) {
  const events = [{ step: turn.said.promptedAt ? 'promptedAt' : 'beganAt', at: 0 }, ...turn.events];
  return h('dl.step-list', events.map(({ step, at }) => h('div', h('dt', words.steps[step]), h('dd.num', `+${latency(at)}`))));
}
