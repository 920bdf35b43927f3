import { bytesToHex } from '@noble/hashes/utils.js';
import type { Receipt } from '../../core/usage/receipt.ts';
import { CinnabarError } from '../errors.ts';
import { checkActivation, isChangeApproved } from './activation.ts';
import { addBackupCalls } from './chip-backup.ts';
import type { ChipDeps, WhatWasDone } from './chip-deps.ts';
import { addShareCalls } from './chip-shares.ts';
import { type ChipStore, decodeKey, type HeldKey, openChipStore } from './chip-store.ts';
import {
  type CloneParty,
  makeOffer,
  type PendingOffer,
  packClone,
  unpackClone,
} from './cloning.ts';
import { ChipFault } from './faults.ts';
import { decryptionProof, proofBytes, proofSchemes } from './key-material.ts';
import { keyWorks } from './key-works.ts';
import { type Protection, protections, serviceTenant } from './keys.ts';
import { isDecryptOnly, protectionOf } from './placement.ts';
import type { Chip, Ticket, UseOutcome } from './ports.ts';
import { createQueue } from './queue.ts';
import { rateBuckets, tenantRateDefault } from './rates.ts';
import { type ChipCertificate, isCertified, signAttestation, signReceipt } from './roster.ts';
import { passesKnownAnswers } from './self-test.ts';
import type { Attestation, KeyName } from './types.ts';
import { definitionOf, inputDigest, type KeyOperation, operationName } from './uses.ts';
import { unwrapDataKey, wrapDataKey } from './wrapping.ts';

export const queueMaxDefault = 64;
const offersMax = 64;

/** A chip with what only its own administration may call. */
export interface OwnedChip extends Chip {
  certify(certificate: ChipCertificate): Promise<void>;
  /**
   * Forgets every key and its own identity, and attests itself as the empty chip that it now is.
   *
   * @param storageEpoch the storage that is meant: an order that comes again empties no other
   * @throws ChipFault `not_for_us`
   */
  reset(storageEpoch: string, challengeHex: string): Promise<Attestation>;
  /** Up to `most` records of its log behind the position `after`, in order; the newest without it. */
  records(most: number, after?: number): Promise<ReturnType<ChipStore['records']>>;
}

/** A chip as its own process has it. */
export interface RunningChip extends OwnedChip {
  /**
   * Forgets what is kept for a while only. The process calls it after each call and when the time
   * has come.
   *
   * @returns when it is next needed, in milliseconds since 1970, if at all
   */
  tidy(): number | undefined;
}

/** The calls of a chip, as they cross to its object or host. */
export const chipCalls = [
  'attest',
  'certify',
  'reset',
  'records',
  'generate',
  'prove',
  'offer',
  'exportTo',
  'import',
  'use',
  'wrap',
  'unwrap',
  'changeGrants',
  'wipe',
  'keygenReply',
  'keygenFinish',
  'refreshReply',
  'refreshFinish',
  'refreshCommit',
  'useShare',
  'attestShare',
  'backup',
  'signManifest',
  'restoreOffer',
  'restoreShare',
  'restoreKey',
  'restoreEnd',
] as const satisfies readonly (keyof OwnedChip)[];

/**
 * A chip in software. It does one thing at a time, as a microcontroller would: calls wait in a
 * queue of bounded length.
 */
export function createChip(deps: ChipDeps): RunningChip {
  const { tools, random, clock } = deps;
  const store = openChipStore(deps);
  const offers = new Map<string, PendingOffer>();
  const { queued, depth } = createQueue(deps.queueMax ?? queueMaxDefault);
  const rates = rateBuckets(deps.tenantRate ?? tenantRateDefault, clock);

  function party(): CloneParty {
    const certificate = store.certificate();
    if (!certificate) throw new ChipFault('not_authentic');
    return { tools, identity: store.identity, certificate, rootPublicKey: deps.rootPublicKey };
  }

  /** Whether this chip may act on the ticket at all; burns the ticket's number. */
  function admit(ticket: Ticket): void {
    const { incarnation } = store;
    const { storageEpoch, bootCount, bootNonce } = ticket.incarnation;
    if (ticket.chip !== deps.chip || ticket.notAfterMs < clock.now()) {
      throw new ChipFault('not_for_us');
    }
    if (storageEpoch !== incarnation.storageEpoch) throw new ChipFault('not_held');
    const isNewer = bootCount > incarnation.bootCount;
    const isTwin = bootCount === incarnation.bootCount && bootNonce !== incarnation.bootNonce;
    if (isNewer || isTwin) throw new ChipFault('superseded');
    store.fence(ticket, ticket.number);
  }

  /** The service's own keys serve all tenants; who asks for them is limited before. */
  async function paced<T>(tenant: string, task: () => Promise<T>): Promise<T> {
    if (tenant !== serviceTenant && !rates.take(tenant)) {
      throw new CinnabarError('chips_busy', {
        detail: 'The institution asks more than its share.',
      });
    }
    return queued(task);
  }

  function receiptOf(ticket: Ticket, what: WhatWasDone): Receipt {
    const { operation, digestHex, result, statementHashHex } = what;
    const resultHashHex = bytesToHex(tools.gm.sm3(result));
    const record = store.log(`chip.${operation}`, ticket, ticket.requestId, {
      ticket: ticket.number,
      epoch: ticket.epoch,
      input: digestHex,
      result: resultHashHex,
      statement: statementHashHex,
    });
    return signReceipt(tools.gm, store.identity, {
      chip: deps.chip,
      sequence: record.index,
      tenant: ticket.tenant,
      keyId: ticket.keyId,
      epoch: ticket.epoch,
      requestId: ticket.requestId,
      ticket: ticket.number,
      operation,
      inputHashHex: digestHex,
      resultHashHex,
      statementHashHex,
      atMs: record.atMs,
      logHashHex: record.hashHex,
      chipPublicKeyHex: store.publicKeyHex,
    });
  }

  async function perform(ticket: Ticket, key: HeldKey, operation: KeyOperation) {
    const { request, kind } = operation;
    if (key.epoch !== ticket.epoch) throw new ChipFault('stale_epoch');
    if (!key.uses.includes(kind)) throw new CinnabarError('key_use_refused');
    const name = operationName(operation);
    const digestHex = inputDigest(tools.gm, key.publicKey, operation);
    const { tenant, keyId, requestId } = ticket;
    const use = { tenant, keyId, requestId, operation: name, digestHex, nowMs: clock.now() };
    const verdict = checkActivation(tools.gm, key.policy, request.activation, use);
    if (!verdict.ok) throw new CinnabarError('activation_refused', { detail: verdict.reason });
    const output = await (kind === 'sign' ? works.sign(key, request) : works.decrypt(key, request));
    const result = kind === 'sign' ? output : new Uint8Array();
    const { statementHashHex } = verdict;
    const receipt = receiptOf(ticket, { operation: name, digestHex, result, statementHashHex });
    return { output, receipt, incarnation: store.incarnation };
  }

  const works = keyWorks(deps);

  /** What the token knows a held key by: `withKey` takes its own copy away again. */
  async function tokenKeyOf(name: KeyName) {
    if (!store.has(name)) return undefined;
    return store.withKey(name, async ({ inToken, secret }) =>
      inToken ? { inToken, secret: secret.slice() } : undefined,
    );
  }

  /** For what takes time: nothing is kept in a storage that began after it. */
  function sameStorage(): () => void {
    const { storageEpoch } = store.incarnation;
    return () => {
      if (store.incarnation.storageEpoch !== storageEpoch) throw new ChipFault('not_for_us');
    };
  }

  async function arrive(key: HeldKey): Promise<void> {
    const assertSame = sameStorage();
    const replaced = await tokenKeyOf(key);
    assertSame();
    store.put(works.arriving(key));
    if (replaced) works.forget(replaced);
  }

  /** A share or wrapping key signs nothing alone; equal tags show equal secrets. */
  function tagOf(key: HeldKey, challenge: Uint8Array): Uint8Array {
    return tools.gm.hmacSm3(secretsOf(key), proofBytes(key.tenant, key.keyId, challenge));
  }

  async function attest(challengeHex: string): Promise<Attestation> {
    const head = store.head();
    return signAttestation(tools, store.identity, {
      chip: deps.chip,
      protection: deps.protection,
      build: deps.build,
      publicKeyHex: store.publicKeyHex,
      ...store.incarnation,
      sequence: head ? head.index + 1 : 0,
      logHashHex: head?.hashHex ?? '',
      keys: store.keyCount(),
      queue: depth(),
      selfTest: passesKnownAnswers(tools) && (deps.token?.isWell() ?? true),
      challengeHex,
    });
  }

  /** What the token holds for keys that this storage cannot read any more stays behind in it. */
  async function forgetInToken(): Promise<void> {
    for (const name of store.names()) {
      const held = await tokenKeyOf(name).catch(() => undefined);
      if (held) works.forget(held);
    }
  }

  const { calls: shares, discardAll } = addShareCalls({
    ...deps,
    store,
    admit,
    receiptOf,
    paced,
  });
  const { leaving } = works;
  const backups = addBackupCalls({ ...deps, store, party, leaving, arrive, tagOf });
  const calls: Omit<OwnedChip, keyof typeof shares | keyof typeof backups.calls> = {
    attest,
    async reset(storageEpoch, challengeHex) {
      const { incarnation } = store;
      if (storageEpoch !== incarnation.storageEpoch) throw new ChipFault('not_for_us');
      const keys = store.keyCount();
      if (deps.token) await forgetInToken();
      offers.clear();
      discardAll();
      store.reset();
      store.log('chip.reset', itself, storageEpoch, { keys, to: store.incarnation.storageEpoch });
      return attest(challengeHex);
    },
    async certify(certificate) {
      const isOurs =
        certificate.chip === deps.chip &&
        certificate.publicKeyHex === store.publicKeyHex &&
        certificate.storageEpoch === store.incarnation.storageEpoch &&
        isCertified(tools.sodium, deps.rootPublicKey, certificate);
      if (!isOurs) throw new ChipFault('not_authentic');
      store.setCertificate(certificate);
    },
    records: async (most, after) => store.records(most, after),

    async generate(kind, epoch) {
      if (store.has(kind)) {
        return store.withKey(kind, async (key) => {
          if (definitionOf(key) !== definitionOf(kind)) throw new ChipFault('not_for_us');
          store.put({ ...key, epoch });
          return key.publicKey;
        });
      }
      assertLevel(kind.policy.protection, protectionOf(deps.protection, kind));
      const assertSame = sameStorage();
      const made = await works.make(kind);
      assertSame();
      const { publicKey } = made;
      store.put({ ...kind, epoch, ...made });
      tools.sodium.memzero(made.secret);
      store.log('chip.generate', kind, kind.keyId, { epoch, algorithm: kind.algorithm });
      return publicKey;
    },
    prove: (name, challenge) =>
      store.withKey(name, async (key) => {
        const bytes = proofBytes(name.tenant, name.keyId, challenge);
        if (key.algorithm === 'sm2-share' || key.algorithm === 'wrapping') {
          return tagOf(key, challenge);
        }
        if (key.algorithm === 'sm2' && isDecryptOnly(key)) {
          const input = { scheme: 'sm2' as const, ciphertext: challenge };
          return decryptionProof(tools, name, await works.decrypt(key, input));
        }
        return works.sign(key, { scheme: proofSchemes[key.algorithm], message: bytes });
      }),
    async offer(name, epoch) {
      const pending = makeOffer(party(), { ...name, epoch }, clock.now(), random);
      const [oldest] = offers.keys();
      if (offers.size >= offersMax && oldest !== undefined) offers.delete(oldest);
      offers.set(pending.offer.nonceHex, pending);
      return pending.offer;
    },
    exportTo: (name, offer) =>
      store.withKey(name, async (key) => {
        if (offer.tenant !== name.tenant || offer.keyId !== name.keyId) {
          throw new ChipFault('not_for_us');
        }
        // A chip that was set back must not pass on what it had then under today's epoch.
        if (key.epoch !== offer.epoch) throw new ChipFault('stale_epoch');
        assertLevel(key.policy.protection, protectionOf(offer.target.protection, key));
        const bytes = store.encode({ ...works.leaving(key), epoch: offer.epoch });
        const clone = packClone(party(), offer, bytes, clock.now(), random);
        tools.sodium.memzero(bytes);
        store.log('chip.export', name, offer.nonceHex, { epoch: key.epoch, to: clone.target });
        return clone;
      }),
    async import(clone) {
      const pending = offers.get(clone.nonceHex);
      if (!pending) throw new ChipFault('not_for_us');
      offers.delete(clone.nonceHex);
      const bytes = unpackClone(party(), pending, clone, clock.now());
      const key = decodeKey(bytes);
      const isSame = key.tenant === clone.tenant && key.keyId === clone.keyId;
      if (!isSame || key.epoch !== clone.epoch) throw new ChipFault('not_authentic');
      await arrive(key);
      const from = clone.source.chip;
      store.log('chip.import', clone, clone.nonceHex, { epoch: clone.epoch, from });
    },
    use: (ticket, operation) =>
      paced(ticket.tenant, async (): Promise<UseOutcome> => {
        admit(ticket);
        return store.withKey(ticket, (key) => perform(ticket, key, operation));
      }),
    wrap: (name, items) =>
      paced(name.tenant, () =>
        store.withKey(name, async ({ tenant, secret }) =>
          items.map((item) => wrapDataKey(tools, secret, placeOf(tenant), item, random)),
        ),
      ),
    unwrap: (name, items) =>
      paced(name.tenant, () =>
        store.withKey(name, async ({ tenant, secret }) => {
          const keys: Uint8Array[] = [];
          for (const item of items) {
            const key = unwrapDataKey(tools, secret, placeOf(tenant), item);
            if (!key) return undefined;
            keys.push(key);
          }
          return keys;
        }),
      ),
    changeGrants: (change) =>
      store.withKey(change, async (key) => {
        const { grantsHashHex, officers = key.policy.officers, epoch } = change;
        const isOfThem = JSON.stringify(key.policy.officers) === JSON.stringify(officers);
        const isNewList = key.policy.grantsHashHex === grantsHashHex;
        if (key.epoch === epoch + 1 && isNewList && isOfThem) return;
        if (key.epoch !== epoch || !isChangeApproved(tools.gm, key.policy, change)) {
          throw new CinnabarError('activation_refused', { detail: 'approvals' });
        }
        const policy = { ...key.policy, grantsHashHex, ...(officers ? { officers } : {}) };
        store.put({ ...key, epoch: epoch + 1, policy });
        store.log('chip.grants', change, grantsHashHex, { epoch: epoch + 1 });
      }),
    async wipe(name, requestId) {
      const held = await tokenKeyOf(name);
      if (held) works.forget(held);
      store.wipe(name);
      const ticket = tombstoneTicket(name, requestId, deps.chip, store.incarnation);
      const digestHex = '0'.repeat(64);
      const done = { operation: 'wipe', digestHex, result: new Uint8Array(), statementHashHex: '' };
      return receiptOf(ticket, done);
    },
  };
  return { ...calls, ...shares, ...backups.calls, tidy: backups.tidy };
}

/** What the log calls what is about no key of a tenant. */
const itself = { tenant: serviceTenant, keyId: 'chip' };

/** A tenant has one wrapping key; wrapped keys name its epoch so that there can be a next one. */
function placeOf(tenant: string) {
  return { tenant, epoch: 1 };
}

function tombstoneTicket(
  name: KeyName,
  requestId: string,
  chip: string,
  incarnation: Ticket['incarnation'],
): Ticket {
  const { tenant, keyId } = name;
  return { tenant, keyId, requestId, chip, incarnation, epoch: 0, number: 0, notAfterMs: 0 };
}

function assertLevel(wanted: Protection | undefined, offered: Protection): void {
  if (wanted && protections.indexOf(offered) < protections.indexOf(wanted)) {
    throw new ChipFault('not_for_us');
  }
}

function secretsOf({ secret, nextSecret }: HeldKey): Uint8Array {
  return nextSecret ? Uint8Array.from([...secret, ...nextSecret]) : secret;
}
