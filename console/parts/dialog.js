// Questions before something is done. The browser's own dialog keeps the focus and listens to Escape.

import { Problem } from '../lib/api.js';
import { h, id, write } from '../lib/dom.js';
import { text } from '../text.js';

/**
 * Asks, and does it. The dialog stays open, with the reason, if it fails.
 * @param {{title: string, lead: string, confirm: string, danger?: boolean, fields?: Node[],
 *          explain?: (problem: Problem) => string, act: (form: FormData) => Promise<void>}} question
 * @returns {Promise<boolean>} whether it was done
 */
export function ask({ title, lead, confirm, danger = false, fields = [], explain, act }) {
  const [name, about] = [id('dialog'), id('dialog')];
  const failed = h('p.form-error', { role: 'alert' });
  const submit = h(danger ? 'button.button.danger' : 'button.button.primary', { type: 'submit' }, confirm);
  const cancel = h('button.button', { type: 'button', onclick: () => dialog.close() }, text.shell.cancel);
  const form = h('form', { method: 'dialog', novalidate: true },
    h('h2', { id: name }, title), h('p.lead', { id: about }, lead), fields, failed,
    h('div.buttons', cancel, submit));
  const dialog = h('dialog', { 'aria-labelledby': name, 'aria-describedby': about }, form);
  return new Promise((resolve) => {
    let done = false;
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(done);
    });
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close();
    });
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      submit.disabled = true;
      write(failed, '');
      try {
        await act(new FormData(form));
        done = true;
        dialog.close();
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        write(failed, explain?.(error) || error.detail || error.title);
        submit.disabled = false;
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    (fields.length ? form.querySelector('input, textarea') : danger ? cancel : submit).focus();
  });
}

/** A labelled field for a dialog or a form. */
export function field({ label, hint, control, aside }) {
  const name = id('field');
  control.id = name;
  const about = hint && id('hint');
  if (about) control.setAttribute('aria-describedby', about);
  return h('div.field', h('label', { for: name }, label, aside && h('span.optional', ` ${aside}`)), control,
    hint && h('p.hint', { id: about }, hint));
}
