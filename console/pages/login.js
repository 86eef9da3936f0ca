// The way in, where the server asks for a password.

import { Problem, post } from '../lib/api.js';
import { h, write } from '../lib/dom.js';
import { field } from '../parts/dialog.js';
import { mark } from '../parts/icons.js';
import { text } from '../text.js';

const words = text.login;

/** @param {{entered: () => void}} context called once somebody is signed in */
export function page({ entered }) {
  const failed = h('p.form-error', { role: 'alert' });
  const user = h('input', { type: 'text', name: 'username', autocomplete: 'username', value: words.user, hidden: true, 'aria-hidden': 'true', tabindex: -1 });
  const password = h('input', { type: 'password', name: 'password', autocomplete: 'current-password', required: true, spellcheck: 'false' });
  const shown = h('button.peek', {
    type: 'button', 'aria-pressed': 'false',
    onclick() {
      const show = password.type === 'password';
      password.type = show ? 'text' : 'password';
      shown.setAttribute('aria-pressed', String(show));
      write(shown, show ? words.hide : words.show);
    },
  }, words.show);
  const submit = h('button.button.primary.wide', { type: 'submit' }, words.submit);
  const line = field({ label: words.password, hint: words.hint, control: password });
  line.querySelector('label').after(h('div.with-peek', password, shown));
  const form = h('form.login', { novalidate: true }, mark(40), h('h1', { tabindex: -1 }, words.title), h('p.lead', words.lead),
    user, line, failed, submit);
  let timer = null;

  function wait(seconds) {
    submit.disabled = true;
    write(failed, words.slow(seconds));
    const until = Date.now() + seconds * 1000;
    timer = setInterval(() => {
      const left = Math.ceil((until - Date.now()) / 1000);
      // Counting aloud would be a nuisance: the text changes, the announcement does not.
      failed.setAttribute('aria-live', 'off');
      write(failed, left > 0 ? words.slow(left) : words.again);
      if (left > 0) return;
      clearInterval(timer);
      failed.removeAttribute('aria-live');
      submit.disabled = false;
      password.focus();
    }, 1000);
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    write(failed, '');
    password.removeAttribute('aria-invalid');
    if (!password.value) {
      write(failed, words.empty);
      password.focus();
      return;
    }
    submit.disabled = true;
    write(submit, words.busy);
    try {
      await post('/session', { password: password.value });
      entered();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      submit.disabled = false;
      if (error.status === 429) wait(error.retryAfter ?? 30);
      else {
        write(failed, error.status === 401 ? words.wrong : error.detail || error.title);
        password.setAttribute('aria-invalid', 'true');
        password.select();
      }
    } finally {
      write(submit, words.submit);
    }
  });
  return { title: words.title, element: h('div.login-page', form), focus: password, leave: () => clearInterval(timer) };
}
