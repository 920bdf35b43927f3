import type { KeyService } from '../../domain/chips/keys.ts';
import type { Waits } from '../../domain/chips/ports.ts';
import type { ShareService } from '../../domain/chips/shares.ts';
import type { Clock } from '../../domain/ports.ts';
import { systemRandom, timerWaits } from '../system.ts';
import { memoryChips } from './chip-cluster.ts';

/** Keys in a cluster of chips that lives and dies with this process. */
export function memoryKeys(clock: Clock, waits: Waits = timerWaits): KeyService {
  return memoryChips({ clock, random: systemRandom, waits }).keys;
}

/** Two-party shares in such a cluster. */
export function memoryShares(clock: Clock): ShareService {
  return memoryChips({ clock, random: systemRandom, waits: timerWaits }).shares;
}
