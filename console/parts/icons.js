// Icons: 24 units wide, drawn with a line, hidden from screen readers. The words stand beside them.

import { s } from '../lib/dom.js';

const PATHS = {
  live: ['M4 12h3l2.5-7 4 14L16 12h4'],
  phone: ['M6.6 3.5 9.4 4l1.3 4-2 1.7a12 12 0 0 0 5.6 5.6l1.7-2 4 1.3.5 2.8c.2 1.3-.8 2.6-2.2 2.6A15.8 15.8 0 0 1 4 5.700c0-1.4 1.3-2.4 2.6-2.200z'],
  calls: ['M4 6h16', 'M4 12h16', 'M4 18h10'],
  handoffs: ['M4 8h13', 'm13 4 4 4-4 4', 'M20 16H7', 'm11 12-4 4 4 4'],
  system: ['M4 7h9', 'M17 7h3', 'M4 17h3', 'M11 17h9', 'M15 4.500v5', 'M9 14.500v5'],
  out: ['M14 4h5v16h-5', 'M4 12h10', 'm10.5 8.5 3.5 3.5-3.5 3.5'],
  sun: ['M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M12 2.500v2', 'M12 19.500v2', 'M2.5 12h2', 'M19.5 12h2', 'm5.3 5.3 1.4 1.4', 'm17.3 17.3 1.4 1.4', 'm18.7 5.3-1.4 1.4', 'm6.7 17.3-1.4 1.4'],
  moon: ['M20 14.500A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.500z'],
  auto: ['M12 3.500a8.5 8.5 0 1 0 0 17z', 'M12 3.500a8.5 8.5 0 0 1 0 17'],
  person: ['M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z', 'M4.5 20c.8-4 3.8-5.5 7.5-5.500s6.7 1.5 7.5 5.5'],
  whisper: ['M5 5h14v10h-7l-4 4v-4H5z', 'M9 10h.01', 'M12 10h.01', 'M15 10h.01'],
  trash: ['M5 7h14', 'M10 4h4', 'm7 7 .8 13h8.400L17 7', 'M10.5 11v5', 'M13.5 11v5'],
  download: ['M12 4v11', 'm7.5 10.5 4.5 4.5 4.5-4.5', 'M5 20h14'],
  copy: ['M9 9h11v11H9z', 'M15 9V4H4v11h5'],
  eye: ['M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z', 'M12 9.500a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z'],
  back: ['m14 6-6 6 6 6'],
  next: ['m10 6 6 6-6 6'],
  down: ['m6 10 6 6 6-6'],
  external: ['M14 4h6v6', 'm20 4-9 9', 'M18 14v6H4V6h6'],
  keypad: ['M6 5h.01', 'M12 5h.01', 'M18 5h.01', 'M6 11h.01', 'M12 11h.01', 'M18 11h.01', 'M6 17h.01', 'M12 17h.01', 'M18 17h.01'],
  speaker: ['M4 9.500v5h3.500L12 19V5L7.5 9.500z', 'M15.5 9a4.5 4.5 0 0 1 0 6', 'M18 6.500a8 8 0 0 1 0 11'],
  microphone: ['M12 3.500a3 3 0 0 0-3 3V12a3 3 0 0 0 6 0V6.500a3 3 0 0 0-3-3z', 'M5.5 11.500a6.5 6.5 0 0 0 13 0', 'M12 18v3'],
  hangUp: ['M3.5 14.500c-.8-2.3 1-4.3 3-5.200a13.5 13.5 0 0 1 11 0c2 .9 3.8 2.9 3 5.200l-.4 1.2-4.3-.9-.5-2.600a10.5 10.5 0 0 0-6.6 0l-.5 2.6-4.3.9z'],
  send: ['M4 12h15', 'm13 6 6 6-6 6'],
  check: ['m5 12.5 4.5 4.500L19 7.5'],
  happy: ['M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M8.5 14c1.8 2.7 5.2 2.7 7 0', 'M9 9.500h.01', 'M15 9.500h.01'],
  calm: ['M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M8.5 15h7', 'M9 9.500h.01', 'M15 9.500h.01'],
  upset: ['M12 3.500a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z', 'M8.5 16c1.8-2.7 5.2-2.7 7 0', 'M9 9.500h.01', 'M15 9.500h.01'],
  tool: ['M14.5 6.500a4 4 0 0 0 5 5L13 18a2.5 2.5 0 0 1-3.5 0l-3.5-3.500A2.5 2.5 0 0 1 6 11z'],
  flag: ['M6 21V4', 'M6 4.500h11l-2.5 4 2.5 4H6'],
  voicemail: ['M7 8.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z', 'M17 8.500a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z', 'M7 15.500h10'],
  options: ['M12 6h.01', 'M12 12h.01', 'M12 18h.01'],
  search: ['M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'm15.5 15.5 4.5 4.5'],
  warn: ['M12 4 2.5 20h19z', 'M12 10v4.5', 'M12 17.300h.01'],
};

export function icon(name, size = 20) {
  return s('svg.icon', {
    viewBox: '0 0 24 24', width: size, height: size, 'aria-hidden': 'true', focusable: 'false', fill: 'none',
    stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round', 'stroke-linejoin': 'round',
  }, PATHS[name].map((d) => s('path', { d })));
}

/** The mark: a line that warms up on its way. */
export function mark(size = 28) {
  return s('svg.mark', { viewBox: '0 0 32 32', width: size, height: size, 'aria-hidden': 'true', focusable: 'false' },
    s('rect', { width: 32, height: 32, rx: 9, fill: 'var(--brand)' }),
    s('path', {
      d: 'M6 17c3 0 3-6 6-6s3 10 6 10 3-5 4.5-5', fill: 'none', stroke: 'var(--brand-ink)', 'stroke-width': 2.4,
      'stroke-linecap': 'round',
    }),
    s('circle', { cx: 25.2, cy: 16, r: 2.4, fill: 'var(--brand-ink)' }));
}
