import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import {
  type BackupManifest,
  isKeyBackup,
  isManifest,
  type KeyBackup,
  manifestHash,
  openKey,
  sealKey,
  signManifest,
} from './backup.ts';
import { ceremonyLifeMs, offerBytes, type RestoreOffer, shareIn, shareSetOf } from './ceremony.ts';
import type { ChipDeps } from './chip-deps.ts';
import { type ChipStore, decodeKey, type HeldKey } from './chip-store.ts';
import type { CloneParty } from './cloning.ts';
import { ChipFault } from './faults.ts';
import { serviceTenant } from './keys.ts';
import { joinShares, type OfficerShare } from './officers.ts';
import type { Ceremony, Chip } from './ports.ts';
import { openFromStore, sealForStore } from './wrapping.ts';

export type BackupCalls = Pick<
  Chip,
  'backup' | 'signManifest' | 'restoreOffer' | 'restoreShare' | 'restoreKey' | 'restoreEnd'
>;

interface BackupDeps extends ChipDeps {
  readonly store: ChipStore;
  readonly party: () => CloneParty;
  /** The key as another chip takes it. */
  readonly leaving: (key: HeldKey) => HeldKey;
  /** Keeps a key that came from outside. */
  readonly arrive: (key: HeldKey) => Promise<void>;
  /** What `prove` answers for secrets that sign nothing alone. */
  readonly tagOf: (key: HeldKey, challenge: Uint8Array) => Uint8Array;
}

/** A ceremony as the chip keeps it, encrypted like a key: officers may need longer than it is awake. */
interface OpenCeremony {
  readonly offer: RestoreOffer;
  readonly secretHex: string;
  readonly backupId: string;
  readonly rootKeyHex: string;
  readonly shares: readonly OfficerShare[];
}

const ceremonyCell = 'ceremony';
/** The private backup key, encrypted, once enough officers gave their shares. */
const joinedCell = 'ceremony-key';
/** When all of it is forgotten, whatever happens. */
const untilCell = 'ceremony-until';
/** How long a joined key waits for the next entry. */
export const joinedKeyIdleMs = 10 * 60 * 1000;
const idBytes = 16;
const challengeBytes = 32;
/** What the chip's log calls the ceremony: it is about no key of a tenant. */
const ceremonyName = { tenant: serviceTenant, keyId: 'backup' };

/** Backups of keys, and the officers' ceremony that brings them back, inside a chip. */
export function addBackupCalls(deps: BackupDeps): {
  readonly calls: BackupCalls;
  readonly tidy: () => number | undefined;
} {
  const { store, tools, cells, vault, clock, random } = deps;
  const { gm, sodium } = tools;
  const context = tupleBytes('cinnabar chip ceremony 1', deps.chip);
  const joinedContext = tupleBytes('cinnabar chip ceremony key 1', deps.chip);

  function backupKey(): Uint8Array {
    if (!deps.backupKey) throw new CinnabarError('backup_key_missing');
    return deps.backupKey;
  }

  function keep(ceremony: OpenCeremony): void {
    const bytes = utf8ToBytes(JSON.stringify(ceremony));
    cells.put(ceremonyCell, sealForStore(vault, context, bytes, random));
    sodium.memzero(bytes);
  }

  function forget(): void {
    for (const cell of [ceremonyCell, joinedCell, untilCell]) cells.delete(cell);
  }

  /** Forgets a ceremony whose time is over. @returns when that of a running one is, if there is one */
  function tidy(): number | undefined {
    const untilMs = cells.get(untilCell);
    if (typeof untilMs === 'number' && untilMs >= clock.now()) return untilMs;
    if (cells.get(ceremonyCell) !== undefined) forget();
    return undefined;
  }

  function current(): OpenCeremony | undefined {
    tidy();
    const stored = cells.get(ceremonyCell);
    if (!(stored instanceof Uint8Array)) return undefined;
    const bytes = openFromStore(vault, context, stored);
    const ceremony = JSON.parse(new TextDecoder().decode(bytes)) as OpenCeremony;
    sodium.memzero(bytes);
    return ceremony;
  }

  function running(id: string): OpenCeremony {
    const ceremony = current();
    if (ceremony?.offer.id !== id) throw new CinnabarError('restore_not_found');
    return ceremony;
  }

  /** Every use gives the joined key some more minutes, within those of the ceremony. */
  function keepAwhile({ offer }: OpenCeremony): void {
    cells.put(untilCell, Math.min(offer.notAfterMs, clock.now() + joinedKeyIdleMs));
  }

  /** Lends the joined key to `use` and wipes it afterwards. @throws CinnabarError `shares_too_few` */
  function withJoinedKey<T>(use: (privateKey: Uint8Array) => T): T {
    const stored = cells.get(joinedCell);
    if (!(stored instanceof Uint8Array)) throw new CinnabarError('shares_too_few');
    const privateKey = openFromStore(vault, joinedContext, stored);
    try {
      return use(privateKey);
    } finally {
      sodium.memzero(privateKey);
    }
  }

  /** @throws CinnabarError `share_unreadable` when the shares do not give the officers' key */
  async function joined(shares: readonly OfficerShare[]): Promise<Uint8Array> {
    let key: Uint8Array;
    try {
      key = await joinShares('backup', shares);
    } catch (cause) {
      throw new CinnabarError('share_unreadable', { cause });
    }
    const isRight =
      key.length === sodium.crypto_scalarmult_SCALARBYTES &&
      sodium.memcmp(sodium.crypto_scalarmult_base(key), backupKey());
    if (isRight) return key;
    sodium.memzero(key);
    throw new CinnabarError('share_unreadable', { detail: 'wrong share' });
  }

  const calls: BackupCalls = {
    backup: ({ tenant, keyId, backup, facts }) =>
      store.withKey({ tenant, keyId }, async (key) => {
        if (key.epoch !== facts.epoch) throw new ChipFault('stale_epoch');
        const { algorithm, uses, policy } = key;
        const head = {
          kind: 'key' as const,
          backup,
          key: { tenant, keyId, algorithm, uses, policy },
          facts,
          publicKeyHex: bytesToHex(key.publicKey),
          ...proofOf(key),
          chip: deps.party().certificate,
        };
        const bytes = store.encode(deps.leaving(key));
        const record = sealKey(tools, store.identity, backupKey(), head, bytes);
        sodium.memzero(bytes);
        store.log('chip.backup', key, backup.id, { number: backup.number, epoch: key.epoch });
        return record;
      }),

    async signManifest(body) {
      const { certificate, rootPublicKey } = deps.party();
      const isOurs =
        body.backupKeyHex === bytesToHex(backupKey()) &&
        body.rootKeyHex === bytesToHex(rootPublicKey);
      if (!isOurs) throw new CinnabarError('backup_invalid');
      return signManifest(gm, store.identity, { ...body, chip: certificate });
    },

    async restoreOffer(manifest: BackupManifest) {
      if (!isManifest(tools, manifest)) {
        throw new CinnabarError('backup_invalid', { detail: 'manifest' });
      }
      if (manifest.backupKeyHex !== bytesToHex(backupKey())) {
        throw new CinnabarError('backup_invalid', { detail: 'backup-key' });
      }
      const { publicKey, privateKey } = sodium.crypto_box_keypair();
      const body = {
        chip: deps.party().certificate,
        id: bytesToHex(random.bytes(idBytes)),
        ephemeralHex: bytesToHex(publicKey),
        manifestHashHex: manifestHash(gm, manifest),
        notAfterMs: clock.now() + ceremonyLifeMs,
      };
      const signatureHex = bytesToHex(gm.sm2.sign(store.identity, offerBytes(body)));
      const offer = { ...body, signatureHex };
      const { backup, rootKeyHex } = manifest;
      const secretHex = bytesToHex(privateKey);
      sodium.memzero(privateKey);
      forget();
      keep({ offer, secretHex, backupId: backup.id, rootKeyHex, shares: [] });
      cells.put(untilCell, offer.notAfterMs);
      store.log('chip.restore.offer', ceremonyName, body.id, { number: backup.number });
      return offer;
    },

    async restoreShare(id, sealed) {
      const ceremony = running(id);
      const share = shareIn(tools, ceremony.offer, hexToBytes(ceremony.secretHex), sealed);
      const [first = share] = ceremony.shares;
      const isOfSet =
        share.purpose === 'backup' &&
        share.set === shareSetOf(backupKey()) &&
        share.threshold === first.threshold;
      if (!isOfSet) throw new CinnabarError('share_unreadable');
      const shares = [...ceremony.shares.filter(({ index }) => index !== share.index), share];
      store.log('chip.restore.share', ceremonyName, id, { officer: share.index });
      if (shares.length < share.threshold) {
        keep({ ...ceremony, shares });
        return stateOf(shares, share.threshold, false);
      }
      // Whose share is wrong cannot be told: all give theirs again.
      keep({ ...ceremony, shares: [] });
      const key = await joined(shares);
      cells.put(joinedCell, sealForStore(vault, joinedContext, key, random));
      sodium.memzero(key);
      keepAwhile(ceremony);
      store.log('chip.restore.open', ceremonyName, id, { officers: shares.length });
      return stateOf(shares, share.threshold, true);
    },

    async restoreKey(id, record, epoch) {
      const ceremony = running(id);
      const { backupId, rootKeyHex } = ceremony;
      const isOfBackup =
        record.backup.id === backupId &&
        epoch > record.facts.epoch &&
        isKeyBackup(tools, rootKeyHex, record);
      if (!isOfBackup) throw new CinnabarError('backup_invalid', { detail: 'signature' });
      const publicKey = backupKey();
      const bytes = withJoinedKey((privateKey) =>
        openKey(tools, { publicKey, privateKey }, record),
      );
      keepAwhile(ceremony);
      if (!bytes) throw new CinnabarError('backup_invalid', { detail: 'sealed' });
      const key = decodeKey(bytes);
      sodium.memzero(bytes);
      await admit(key, epoch);
      sodium.memzero(key.secret);
      store.log('chip.restore.key', key, id, { epoch });
    },

    async restoreEnd(id) {
      // Ended already, or begun anew: this one is forgotten.
      if (current()?.offer.id !== id) return;
      forget();
      store.log('chip.restore.end', ceremonyName, id, {});
    },
  };
  return { calls, tidy };

  function proofOf(key: HeldKey): Pick<KeyBackup, 'proof'> {
    if (key.algorithm !== 'sm2-share' && key.algorithm !== 'wrapping') return {};
    const challenge = random.bytes(challengeBytes);
    const answerHex = bytesToHex(deps.tagOf(key, challenge));
    return { proof: { challengeHex: bytesToHex(challenge), answerHex } };
  }

  /** @throws ChipFault `stale_epoch` when the chip has a later one */
  async function admit(key: HeldKey, epoch: number): Promise<void> {
    if (store.has(key)) {
      const held = await store.withKey(key, async (known) => known.epoch);
      if (held > epoch) throw new ChipFault('stale_epoch');
    }
    await deps.arrive({ ...key, epoch });
  }
}

function stateOf(shares: readonly OfficerShare[], threshold: number, isOpen: boolean): Ceremony {
  const given = shares.map(({ index }) => index).sort((a, b) => a - b);
  return { given, threshold, isOpen };
}
