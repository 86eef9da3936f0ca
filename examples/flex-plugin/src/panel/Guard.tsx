import React from 'react';
import { Text } from '@twilio-paste/core/text';

interface State {
  readonly failed: boolean;
}

/** Keeps a failure of the panel to the panel: the agent's call goes on beside it. */
export class Guard extends React.Component<{ readonly children: React.ReactNode }, State> {
  override state: State = { failed: false };

  static getDerivedStateFromError(): State {
    return { failed: true };
  }

  override componentDidCatch(error: Error): void {
    // The message may quote what was handed over.
    console.error(`Warmline: the hand-off could not be shown (${error.name})`);
  }

  override render(): React.ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <Text as="p" role="status" color="colorTextWeak">
        The hand-off could not be shown.
      </Text>
    );
  }
}
