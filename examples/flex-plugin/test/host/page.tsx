// The page of the stand-in. It has React and Flex as globals, as Flex's own page does; then comes the plugin as it was built.

import ReactDOM from 'react-dom';
import React from 'react';

import { Desktop, type View } from './Desktop';
import * as Flex from './flex';

interface Shown {
  readonly view: View;
  readonly task?: Flex.Task;
  readonly theme: 'default' | 'dark';
}

declare global {
  interface Window {
    /** Shows a task in one of the places. */
    show: (shown: Shown) => void;
  }
}

Object.assign(window, { Twilio: { Flex } });
window.show = ({ view, task, theme }) => {
  document.body.className = theme;
  ReactDOM.render(<Desktop key={Date.now()} view={view} task={task} theme={theme} />, document.getElementById('flex'));
};
