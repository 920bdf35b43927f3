import { accessMatrix } from './access-drill.ts';
import { chipDrills } from './chip-drills.ts';
import { domainDrills } from './domain-drills.ts';
import type { Drill } from './drill.ts';
import { requestDrills } from './request-drills.ts';
import { objectSwap } from './swap-drill.ts';

/** Every drill that is a function, in the order in which it is reported. */
export const drills: readonly Drill[] = [
  ...requestDrills,
  accessMatrix,
  objectSwap,
  ...domainDrills,
  ...chipDrills,
];
