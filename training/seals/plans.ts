import { panels } from './forgery.ts';
import type { SetPlan } from './set.ts';

const forged = { text: 3, font: 2, recut: 5, alter: 4, erase: 1, clone: 1, rescan: 2 };

/** The sets of docs/seal-training.md by name. */
export const plans: readonly SetPlan[] = [
  {
    name: 'train',
    seed: 11,
    physics: ['ridge', 'film'],
    identities: 90,
    judges: false,
    genuine: 8,
    forged,
  },
  {
    name: 'train-wide',
    seed: 53,
    physics: ['soak', 'weave', 'porous'],
    identities: 54,
    judges: false,
    hasHair: true,
    genuine: 8,
    forged: { text: 2, font: 1, recut: 3, alter: 4, erase: 1, rescan: 3 },
  },
  {
    name: 'train-paste',
    seed: 71,
    physics: ['paste'],
    identities: 18,
    judges: false,
    hasHair: true,
    genuine: 8,
    forged: { text: 2, font: 1, recut: 3, alter: 4, erase: 1, rescan: 3 },
  },
  {
    name: 'train-panels',
    seed: 89,
    physics: ['ridge', 'soak', 'film', 'weave', 'paste', 'porous'],
    identities: 36,
    judges: false,
    hasHair: true,
    genuine: 2,
    forged: { rescan: 6 },
    printers: panels,
  },
  {
    name: 'unseen',
    seed: 23,
    physics: ['ridge', 'film'],
    identities: 27,
    judges: true,
    genuine: 7,
    forged,
  },
  {
    name: 'other-physics',
    seed: 37,
    physics: ['grain'],
    identities: 48,
    judges: true,
    genuine: 8,
    forged,
  },
];
