import React from 'react';
import { Box } from '@twilio-paste/core/box';

/**
 * The desk page within the panel. It has no script and must get none: nothing is allowed to it but its own origin, which
 * its style sheet has to be loaded from (`Cross-Origin-Resource-Policy: same-origin`). Its address is a key to the page,
 * and is told to nobody.
 */
export function DeskFrame({ url }: { readonly url: string }): React.ReactElement {
  return (
    <Box
      as="iframe"
      {...{ src: url, sandbox: 'allow-same-origin', referrerPolicy: 'no-referrer', loading: 'lazy' }}
      title="The whole conversation"
      display="block"
      boxSizing="border-box"
      width="100%"
      height="36rem"
      marginBottom="space30"
      borderStyle="solid"
      borderWidth="borderWidth10"
      borderColor="colorBorderWeak"
      borderRadius="borderRadius20"
    />
  );
}
