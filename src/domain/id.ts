import { uuidRandomBytes, uuidV7 } from '../lib/uuid.ts';
import type { Clock, Random } from './ports.ts';

/** A new id. Ids sort by the time of their making, which is the order of every list. */
export function newId(deps: { readonly clock: Clock; readonly random: Random }): string {
  return uuidV7(deps.clock.now(), deps.random.bytes(uuidRandomBytes));
}
