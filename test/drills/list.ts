import { accessMatrix } from './access-drill.ts';
import { chipDrills } from './chip-drills.ts';
import { clockSkew } from './clock-drill.ts';
import { domainDrills } from './domain-drills.ts';
import type { Drill } from './drill.ts';
import { growth } from './growth-drill.ts';
import { loadPerRoute } from './load-drill.ts';
import { logInjection } from './log-drill.ts';
import { memoryKept } from './memory-drill.ts';
import { crossOrigin } from './origin-drill.ts';
import { overload, rateLimits, soak } from './overload-drill.ts';
import { refusals } from './refusal-drill.ts';
import { replays } from './replay-drill.ts';
import { requestDrills } from './request-drills.ts';
import { retryStorm } from './retry-drill.ts';
import { senders } from './sender-drill.ts';
import { storageFaults } from './storage-drill.ts';
import { objectSwap } from './swap-drill.ts';
import { verdicts } from './verdict-drill.ts';
import { verificationOverhead } from './verification-drill.ts';

/** Every drill that is a function, in the order in which it is reported. */
export const drills: readonly Drill[] = [
  ...requestDrills,
  accessMatrix,
  objectSwap,
  refusals,
  clockSkew,
  logInjection,
  crossOrigin,
  ...domainDrills,
  verdicts,
  retryStorm,
  growth,
  ...chipDrills,
  senders,
  loadPerRoute,
  verificationOverhead,
  memoryKept,
  overload,
  soak,
  rateLimits,
  replays,
  storageFaults,
];
