import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import type { NewChip } from './cluster-status.ts';
import { type Book, type Entry, type Seen, seenNow, unseen } from './directory-book.ts';
import { attested, type HealthDeps, heartbeatTimeoutMs } from './directory-health.ts';
import { ChipFault } from './faults.ts';
import { type ClusterRoot, certifyChip } from './roster.ts';
import type { KeyName } from './types.ts';

interface AdmissionDeps extends HealthDeps {
  readonly root: ClusterRoot;
  readonly heldBy: (chip: string) => readonly KeyName[];
}

/** A token forgets its keys one by one. */
const resetTimeoutMs = 20_000;

/** How chips join, are emptied, and are taken back. */
export function directoryAdmission(deps: AdmissionDeps, book: Book) {
  const { clock, waits, tools, root } = deps;

  function certificateOf({ attestation }: Seen, zone: string) {
    const { chip, protection, publicKeyHex, storageEpoch } = attestation;
    return certifyChip(tools.sodium, root, { chip, zone, protection, publicKeyHex, storageEpoch });
  }

  async function look(chip: string): Promise<Seen> {
    const seen = await attested(deps, chip, (challenge) => deps.chip(chip).attest(challenge));
    if (!seen.attestation.selfTest) throw new ChipFault('wrong_answer');
    return seen;
  }

  /** Gives the chip its certificate; from then on it works. */
  async function enter(entry: Entry): Promise<Entry> {
    const { chip, certificate } = entry;
    await within(waits, heartbeatTimeoutMs, deps.chip(chip).certify(certificate));
    book.note(chip, 'joined');
    book.movePlacement();
    return book.put({ ...entry, duty: 'active', reason: '' });
  }

  /** The chip as it proved to be just now: without keys, and another one than before. */
  async function emptied({ chip, certificate }: Entry, storageEpoch: string): Promise<Seen> {
    const order = (challenge: string) => deps.chip(chip).reset(storageEpoch, challenge);
    const seen = await attested(deps, chip, order, resetTimeoutMs);
    const { keys, selfTest, publicKeyHex, storageEpoch: now } = seen.attestation;
    const isNew = publicKeyHex !== certificate.publicKeyHex && now !== storageEpoch;
    if (!isNew || keys !== 0 || !selfTest) throw new ChipFault('wrong_answer');
    return seen;
  }

  return {
    async admit({ chip, zone, pool }: NewChip): Promise<Entry> {
      const seen = await look(chip);
      const certificate = certificateOf(seen, zone);
      const { storageEpoch, bootCount, bootNonce } = seen.attestation;
      const incarnation = { storageEpoch, bootCount, bootNonce };
      const base = { chip, zone, pool, certificate, incarnation, duty: 'active' as const };
      return enter(seenNow({ ...base, ...unseen }, seen, clock.now()));
    },

    /** @throws CinnabarError `chip_active`, `chip_holds_keys` */
    async reset(chip: string, acceptLoss: boolean): Promise<Entry> {
      const entry = book.entryOf(chip);
      if (entry.duty === 'active' || entry.duty === 'draining') {
        throw new CinnabarError('chip_active');
      }
      const { attestation } = await look(chip);
      const isNeeded = attestation.keys > 0 && deps.heldBy(chip).length > 0;
      if (isNeeded && !acceptLoss) throw new CinnabarError('chip_holds_keys');
      const seen = await emptied(entry, attestation.storageEpoch);
      book.note(chip, 'emptied');
      book.movePlacement();
      const { zone, pool, incarnation } = entry;
      // The certificate is shown to nobody's use before the chip is taken back and given it.
      const certificate = certificateOf(seen, zone);
      const base = { chip, zone, pool, certificate, incarnation, duty: 'empty' as const };
      return book.put(seenNow({ ...base, ...unseen }, seen, clock.now()));
    },

    /** @throws CinnabarError `chip_active`, `chip_not_empty` */
    async readmit(chip: string): Promise<Entry> {
      const entry = book.entryOf(chip);
      if (entry.duty === 'active') throw new CinnabarError('chip_active');
      if (entry.duty !== 'empty') throw new CinnabarError('chip_not_empty');
      const seen = await look(chip);
      const { keys, publicKeyHex, storageEpoch } = seen.attestation;
      const { certificate } = entry;
      const isThatOne =
        publicKeyHex === certificate.publicKeyHex && storageEpoch === certificate.storageEpoch;
      if (!isThatOne || keys > 0) throw new CinnabarError('chip_not_empty');
      return enter(seenNow(entry, seen, clock.now()));
    },
  };
}
