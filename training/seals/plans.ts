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
    identities: 27,
    judges: true,
    genuine: 8,
    forged,
  },
];
