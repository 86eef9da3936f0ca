// The newcomer's first call, in five steps that tick themselves off.

import { h, replace } from '../../lib/dom.js';
import { link } from '../../lib/router.js';
import { icon } from '../../parts/icons.js';
import { text } from '../../text.js';
import { STEPS, handset } from '../handset.js';

const words = text.phone.guide;

export function guide(leaving) {
  const element = h('div.guide');
  const draw = () => {
    const next = STEPS.find((step) => !handset.guide.has(step));
    replace(element, h('h3', words.title), h('p.quiet', next ? words.lead : words.finished),
      h('ol', STEPS.map((step) => {
        const done = handset.guide.has(step);
        return h('li', { dataset: { done, next: step === next } },
          h('span.tick', { 'aria-hidden': 'true' }, done && icon('check', 14)),
          words.steps[step], done && h('span.hidden', ` (${words.done})`));
      })),
      !next && handset.line && h('a.button', { href: link(['calls', handset.line.callSid]) }, words.waterfall));
  };
  handset.addEventListener('guide', draw, { signal: leaving });
  draw();
  return element;
}
