import type { Mood } from '../handoff';

interface Colours {
  readonly border: 'colorBorderError' | 'colorBorderSuccess' | 'colorBorderStrong';
  readonly text: 'colorTextError' | 'colorTextSuccess' | 'colorText';
  readonly background: 'colorBackgroundErrorWeakest' | 'colorBackgroundSuccessWeakest' | 'colorBackground';
}

/** The colours of Flex's theme for a mood. Words say the same: nobody has to tell red from green. */
export const MOOD_COLOURS: Record<Mood, Colours> = {
  negative: { border: 'colorBorderError', text: 'colorTextError', background: 'colorBackgroundErrorWeakest' },
  neutral: { border: 'colorBorderStrong', text: 'colorText', background: 'colorBackground' },
  positive: { border: 'colorBorderSuccess', text: 'colorTextSuccess', background: 'colorBackgroundSuccessWeakest' },
};
