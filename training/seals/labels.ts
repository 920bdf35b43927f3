// What kind a pair is, and how its score counts: as in `cinnabar seal evaluate`.
import type { TracedPair } from './evidence.ts';

/** Re-cut seals whose elements lie nearer than this to the genuine ones are reported apart. */
const FINE_MM = 0.3;
export const geometric: readonly string[] = ['text', 'font', 'recut', 'tamper'];

export function kindOf({ genuine, forgery, dev_mm }: TracedPair): string {
  if (genuine) return 'genuine';
  const isFine = forgery === 'recut' && dev_mm !== null && dev_mm < FINE_MM;
  return isFine ? 'fine' : (forgery ?? 'forged');
}
