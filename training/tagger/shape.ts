import { channelSizes } from '../../src/core/tagger/features.ts';
import { TAGS } from '../../src/core/tagger/labels.ts';
import type { Shape } from './network.ts';

/** Characters that have an embedding of their own, with the reserved ids. */
export const VOCABULARY = 3000;

/** The network that is shipped. */
export const shape: Shape = {
  channels: [
    { rows: VOCABULARY, width: 24 },
    { rows: channelSizes.type, width: 4 },
    { rows: channelSizes.run, width: 12 },
    { rows: channelSizes.name, width: 8 },
    { rows: channelSizes.lexicon, width: 8 },
  ],
  convolution: 80,
  recurrence: 64,
  attention: 32,
  dense: 64,
  tags: TAGS,
  outputs: 32,
};
