import { loadPlugin } from '@twilio/flex-plugin';

import { WarmlinePlugin } from './WarmlinePlugin';

loadPlugin(WarmlinePlugin);
