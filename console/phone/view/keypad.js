// Twelve keys. One of them takes part in the tab order; arrows go to the others, and typed digits press them.

import { h, id } from '../../lib/dom.js';
import { text } from '../../text.js';
import { handset } from '../handset.js';

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '0', '#'];
const LETTERS = { 2: 'ABC', 3: 'DEF', 4: 'GHI', 5: 'JKL', 6: 'MNO', 7: 'PQRS', 8: 'TUV', 9: 'WXYZ', 0: '+' };
const MOVES = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 };

export function keypad() {
  const buttons = KEYS.map((key, index) => h('button.key', {
    type: 'button', tabindex: index === 0 ? 0 : -1, dataset: { key }, 'aria-label': /\d/u.test(key) ? null : text.phone.key(key),
    onclick: () => handset.press(key),
    onfocus: () => buttons.forEach((one, place) => one.setAttribute('tabindex', place === index ? 0 : -1)),
  }, h('span', key), ' ', h('small', LETTERS[key] ?? '')));
  const pad = {
    element: h('div.keypad', { id: id('keypad'), role: 'group', 'aria-label': text.phone.keypad, hidden: true, onkeydown }, buttons),
    onchange: () => {},
    toggle() {
      const { element } = pad;
      const hadFocus = element.contains(document.activeElement);
      element.hidden = !element.hidden;
      if (!element.hidden) buttons.find((one) => one.tabIndex === 0).focus();
      pad.onchange(!element.hidden, hadFocus);
    },
    hide() {
      if (!pad.element.hidden) pad.toggle();
    },
  };

  function onkeydown(event) {
    const place = buttons.indexOf(document.activeElement);
    const move = MOVES[event.key];
    if (move && buttons[place + move]) {
      buttons[place + move].focus();
      event.preventDefault();
    } else if (KEYS.includes(event.key)) {
      const pressed = buttons[KEYS.indexOf(event.key)];
      pressed.focus();
      pressed.click();
      event.preventDefault();
    } else if (event.key === 'Escape') pad.hide();
  }
  return pad;
}
