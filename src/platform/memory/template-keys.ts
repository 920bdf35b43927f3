import type { Random } from '../../domain/ports.ts';
import type { TemplateKeys } from '../../domain/seals/ports.ts';
import { chipTemplateKeys } from '../chips/template-keys.ts';
import { systemClock, timerWaits } from '../system.ts';
import { memoryChips } from './chip-cluster.ts';

/** Template keys in a cluster of chips that lives and dies with this process. */
export function memoryTemplateKeys(random: Random): TemplateKeys {
  return chipTemplateKeys(memoryChips({ clock: systemClock, random, waits: timerWaits }).wrapping);
}
