import { type Gm, loadGm } from '../../core/gm.ts';
import { loadSodium, type Sodium } from '../../core/sodium.ts';

/** The libraries of a chip: SM2 from our core, Ed25519 and sealing from libsodium, the rest WebCrypto. */
export interface ChipTools {
  readonly gm: Gm;
  readonly sodium: Sodium;
  readonly subtle: SubtleCrypto;
}

/** Loads once; later calls are free. */
export async function openTools(subtle: SubtleCrypto): Promise<ChipTools> {
  return { gm: await loadGm(), sodium: await loadSodium(), subtle };
}
