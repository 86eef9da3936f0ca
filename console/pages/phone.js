// A telephone to talk with, and beside it the desk where the call arrives.

import { h } from '../lib/dom.js';
import { desk } from '../phone/view/desk.js';
import { device } from '../phone/view/device.js';
import { frames } from '../phone/view/frames.js';
import { text } from '../text.js';

const words = text.phone;

export function page({ session }) {
  const leaving = new AbortController();
  const { signal } = leaving;
  const place = desk(signal);
  const look = () => {
    place.scrollIntoView({ block: 'start', behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
    place.focus({ preventScroll: true });
  };
  return {
    title: words.title,
    element: h('div.page.phone-page',
      h('header.page-head', h('div', h('h1', words.title), h('p.lead', words.lead))),
      h('div.phone-grid', device({ session, leaving: signal, look }), h('div.phone-side', place, frames(signal)))),
    leave: () => leaving.abort(),
  };
}
