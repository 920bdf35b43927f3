import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { GmError, loadGm } from '../core/gm.ts';
import {
  keygenContext,
  refreshContext,
  refreshProof,
  signContext,
} from '../core/two-party-context.ts';
import type { MisbehaviourCase, Transcript } from '../core/usage/judge.ts';
import { isAttested, type ShareAttestation } from '../core/usage/share-use.ts';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
} from '../lib/der.ts';
import { encodePem } from '../lib/pem.ts';
import { uuidRandomBytes, uuidV7 } from '../lib/uuid.ts';
import { ApiError, type Client } from './api.ts';
import { locked } from './locked.ts';
import type { SigningPurpose, SigningRound } from './personal-key-api.ts';
import type { ShareProtection } from './share-protection.ts';
import {
  decryptShare,
  encryptShare,
  type ShareSecret,
  type StoredShare,
} from './terminal-share.ts';
import type { PersonalKey } from './types.ts';

/** What rests on the terminal of one key. `next` is there while a refresh is not yet proved. */
export interface StoredKey {
  readonly current: StoredShare;
  /** A chip's word on the public shares, as evidence against its own later answers. */
  readonly attestation?: ShareAttestation;
  readonly next?: { readonly sessionId: string; readonly share: StoredShare };
}

/** A wrong answer of the cloud, as the terminal keeps it. */
export interface KeptReport {
  readonly report: MisbehaviourCase;
  readonly atMs: number;
  /** Whether the service took the report; it may be the one that misbehaved. */
  readonly isTaken: boolean;
}

/** Where stored keys rest: a file, IndexedDB. A write is durable when it resolves. */
export interface KeyVault {
  load(keyId: string): Promise<StoredKey | undefined>;
  save(keyId: string, key: StoredKey): Promise<void>;
  remove(keyId: string): Promise<void>;
  /**
   * Keeps a report under its request id, in place of an earlier one. A vault without it leaves the
   * report to whoever catches `CloudMisbehaved`.
   */
  keepReport?(kept: KeptReport): Promise<void>;
}

export interface KeyTerminal {
  readonly client: Client;
  readonly tenant: string;
  readonly vault: KeyVault;
  readonly protection: ShareProtection;
  readonly now: () => number;
}

/**
 * The cloud answered with what is no half of a signature. `report` is for everybody's eyes: with it
 * `judgeMisbehaviour` says who broke the protocol.
 */
export class CloudMisbehaved extends Error {
  override readonly name = 'CloudMisbehaved';
  readonly report: MisbehaviourCase;

  constructor(report: MisbehaviourCase, cause: unknown) {
    super('the other half of the key answered wrongly; nothing was signed', { cause });
    this.report = report;
  }
}

/** What `makePersonalKey` is at: own share, its encryption, the two chips that keep the other. */
export const makingSteps = ['share', 'protect', 'chips'] as const;
export type MakingStep = (typeof makingSteps)[number];

/** How long an opened share may be used. */
export const sessionLifeMs = 60_000;

/**
 * Makes a personal key between this terminal and the chips. The share is stored before the chips
 * are told to keep theirs, so a key that exists can be used.
 */
export async function makePersonalKey(
  terminal: KeyTerminal,
  label: string,
  onStep: (step: MakingStep) => void = () => {},
): Promise<PersonalKey> {
  const id = newUuid(terminal);
  let asked: ReturnType<ShareProtection['create']> | undefined;
  const secretOf = () => {
    asked ??= terminal.protection.create(id);
    return asked;
  };
  const run = () => jointKey(terminal, { id, label, secretOf, onStep });
  try {
    return await run();
  } catch (error) {
    // Chips forget a run while a person looks for a passkey: begun anew, nobody is asked again.
    if (!(error instanceof ApiError) || error.code !== 'share_session_lost') throw error;
    return await run();
  }
}

/** One run of the protocol that makes the key. */
async function jointKey(
  terminal: KeyTerminal,
  {
    id,
    label,
    secretOf,
    onStep,
  }: {
    readonly id: string;
    readonly label: string;
    readonly secretOf: () => ReturnType<ShareProtection['create']>;
    readonly onStep: (step: MakingStep) => void;
  },
): Promise<PersonalKey> {
  const { client, tenant, vault } = terminal;
  const { twoParty } = await loadGm();
  onStep('share');
  const sessionId = newUuid(terminal);
  const started = twoParty.keygen.clientStart(keygenContext({ tenant, keyId: id }, sessionId));
  const commitment = base64urlText(started.commitment);
  const { message } = await client.personalKeys.start({ id, label, sessionId, commitment });
  const { share, opening } = twoParty.keygen.clientFinish(started.state, bytesOf(message));
  try {
    onStep('protect');
    const { salt, secret } = await secretOf();
    const current = await encryptShare(share, { tenant, keyId: id, salt }, secret);
    await vault.save(id, { current });
    onStep('chips');
    const answer = { sessionId, opening: base64urlText(opening) };
    const key = await client.personalKeys.finish(id, answer);
    await vault.save(id, { current, attestation: await attested(tenant, key, share) });
    return key;
  } finally {
    share.fill(0);
  }
}

/** The cloud's half of a signature, and where it comes along the receipt of the chip that made it. */
export interface CloudHalf {
  readonly reply: string;
  readonly receipt?: Record<string, unknown>;
}

/** A share that was opened: for one person, one minute, one signature at a time. */
export interface KeySession {
  readonly publicKey: Uint8Array;
  /** A joint signature, DER, over `bytes`, which the service must hold to be the purpose's. */
  sign(bytes: Uint8Array, purpose: SigningPurpose): Promise<Uint8Array>;
  /** The same, where another part of the service passes the round on: `cosign` gives its reply. */
  signBy(
    bytes: Uint8Array,
    cosign: (round: SigningRound) => Promise<CloudHalf>,
  ): Promise<Uint8Array>;
  /** A PKCS#10 request in PEM, signed by both halves together. */
  certificateRequest(): Promise<string>;
}

/**
 * Opens the share for what `use` does with it, and forgets it then. Where the platform has Web
 * Locks no other tab has the key open meanwhile.
 *
 * @throws ShareUnreadable, ApiError, CloudMisbehaved
 */
export function withPersonalKey<T>(
  terminal: KeyTerminal,
  keyId: string,
  use: (session: KeySession) => Promise<T>,
): Promise<T> {
  return locked(`key-${keyId}`, async () => {
    const { share } = await openedShare(terminal, keyId);
    try {
      return await use(await sessionOf(terminal, keyId, share));
    } finally {
      share.fill(0);
    }
  });
}

/**
 * Changes both shares; the public key stays. The old share is dropped only after a signature under
 * the new one was accepted. Called again after an interruption, it starts anew.
 */
export function refreshPersonalKey(terminal: KeyTerminal, keyId: string): Promise<PersonalKey> {
  return locked(`key-${keyId}`, async () => {
    const { share, secret } = await openedShare(terminal, keyId);
    const { client, tenant, vault } = terminal;
    const { twoParty } = await loadGm();
    const { epoch } = twoParty.inspect(share);
    const sessionId = newUuid(terminal);
    const ctx = refreshContext({ tenant, keyId }, epoch, sessionId);
    const started = twoParty.refresh.clientStart(share, ctx);
    const commitment = base64urlText(started.commitment);
    const { message } = await client.personalKeys.refresh(keyId, { sessionId, epoch, commitment });
    const fresh = twoParty.refresh.clientFinish(started.state, bytesOf(message));
    const current = await stored(terminal, keyId);
    const next = { sessionId, share: await resealed(current.current, fresh.share, secret) };
    await vault.save(keyId, { ...current, next });
    const opening = base64urlText(fresh.opening);
    await client.personalKeys.finishRefresh(keyId, { sessionId, opening });
    share.fill(0);
    try {
      return await proved(terminal, keyId, next, fresh.share);
    } finally {
      fresh.share.fill(0);
    }
  });
}

/** Withdraws the key for good: the chips wipe their share, then this terminal its own. */
export async function withdrawPersonalKey(
  { client, vault }: Pick<KeyTerminal, 'client' | 'vault'>,
  keyId: string,
  reason: 'ended' | 'lost' = 'ended',
): Promise<PersonalKey> {
  const { key } = await client.personalKeys.withdraw(keyId, reason);
  await vault.remove(keyId);
  return key;
}

async function proved(
  terminal: KeyTerminal,
  keyId: string,
  next: NonNullable<StoredKey['next']>,
  share: Uint8Array,
): Promise<PersonalKey> {
  const session = await sessionOf(terminal, keyId, share);
  const { epoch } = (await loadGm()).twoParty.inspect(share);
  const text = refreshProof({ keyId, sessionId: next.sessionId, epoch });
  const signature = await session.sign(utf8ToBytes(text), { purpose: 'refresh_proof' });
  const { client, vault, tenant } = terminal;
  const key = await client.personalKeys.commitRefresh(keyId, base64urlText(signature));
  await vault.save(keyId, { current: next.share });
  const attestation = await attested(tenant, key, share);
  await vault.save(keyId, { current: next.share, attestation });
  return key;
}

/** The share to use now; a refresh that was interrupted is ended first, one way or the other. */
async function openedShare(
  terminal: KeyTerminal,
  keyId: string,
): Promise<{ readonly share: Uint8Array; readonly secret: ShareSecret }> {
  const key = await stored(terminal, keyId);
  const secret = await terminal.protection.open(key.current);
  const share = await settledShare(terminal, keyId, key, secret);
  try {
    await keepAttestation(terminal, keyId, share);
  } catch (error) {
    share.fill(0);
    throw error;
  }
  return { share, secret };
}

/** Fetches what a chip said of the shares, where an interruption came before it was kept. */
async function keepAttestation(
  terminal: KeyTerminal,
  keyId: string,
  share: Uint8Array,
): Promise<void> {
  const key = await stored(terminal, keyId);
  if (key.attestation) return;
  const found = await terminal.client.personalKeys.get(keyId);
  // A key of which no chip has said anything can be used, but no wrong answer be proved.
  if (!found.attestation) return;
  const attestation = await attested(terminal.tenant, found, share);
  await terminal.vault.save(keyId, { ...key, attestation });
}

async function settledShare(
  terminal: KeyTerminal,
  keyId: string,
  { next, ...old }: StoredKey,
  secret: ShareSecret,
): Promise<Uint8Array> {
  const { current } = old;
  if (!next) return decryptShare(current, secret);
  const fresh = await decryptShare(next.share, secret);
  try {
    await proved(terminal, keyId, next, fresh);
    return fresh;
  } catch (error) {
    const code = error instanceof ApiError ? error.code : '';
    // The chips never got to the new share: the old one is the key.
    if (code === 'share_epoch_unknown') {
      await terminal.vault.save(keyId, old);
      return decryptShare(current, secret);
    }
    // The refresh was ended, and only the answer was lost: the new one is.
    const ended =
      code === 'personal_key_state' ? await terminal.client.personalKeys.get(keyId) : undefined;
    if (!ended || ended.refreshing) throw error;
    await terminal.vault.save(keyId, { current: next.share });
    const attestation = await attested(terminal.tenant, ended, fresh);
    await terminal.vault.save(keyId, { current: next.share, attestation });
    return fresh;
  }
}

/**
 * What a chip signed about the shares, if it is true of the share that is here.
 *
 * @throws ApiError `attestation_differs`
 */
async function attested(
  tenant: string,
  { id: keyId, attestation }: Pick<PersonalKey, 'id' | 'attestation'>,
  share: Uint8Array,
): Promise<ShareAttestation> {
  const gm = await loadGm();
  const { epoch, own, other, publicKey } = gm.twoParty.inspect(share);
  // Of any form: all of it is compared, or covered by the chip's signature.
  const said = attestation as unknown as ShareAttestation | null;
  const isTrue =
    said?.points.epoch === epoch &&
    said.points.terminalHex === bytesToHex(own) &&
    said.points.chipsHex === bytesToHex(other) &&
    said.points.jointHex === bytesToHex(publicKey) &&
    isAttested(gm, { tenant, keyId }, said);
  if (!isTrue) throw new ApiError('attestation_differs');
  return said;
}

/** What is thrown for a wrong answer, after it was kept here and the service was told. */
async function misbehaved(
  { client, tenant, now, vault }: KeyTerminal,
  keyId: string,
  transcript: Transcript,
  cause: GmError,
): Promise<CloudMisbehaved> {
  // Nothing that fails here may hide what the cloud did: the error carries the report as well.
  const { attestation } = (await vault.load(keyId).catch(() => undefined)) ?? {};
  const report = { tenant, keyId, transcript, attestation };
  const atMs = now();
  const keep = async (isTaken: boolean) =>
    vault.keepReport?.({ report, atMs, isTaken }).catch(() => undefined);
  // Here first, and in any case: what takes the report is the cloud that misbehaved.
  await keep(false);
  const told = client.personalKeys.report(keyId, transcript);
  await told.then(() => keep(true)).catch(() => undefined);
  return new CloudMisbehaved(report, cause);
}

async function sessionOf(
  terminal: KeyTerminal,
  keyId: string,
  share: Uint8Array,
): Promise<KeySession> {
  const { client, tenant, now } = terminal;
  const { twoParty, sm2, keys } = await loadGm();
  const { epoch, publicKey } = twoParty.inspect(share);
  const untilMs = now() + sessionLifeMs;
  const session: KeySession = {
    publicKey,
    sign: (bytes, purpose) =>
      session.signBy(bytes, (round) => client.personalKeys.sign(keyId, { ...purpose, ...round })),
    async signBy(bytes, cosign) {
      if (now() > untilMs) throw new ApiError('session_over');
      const requestId = newUuid({ now });
      const e = sm2.digest(publicKey, bytes);
      const ctx = signContext({ tenant, keyId }, epoch, requestId);
      const { state, message: first } = twoParty.sign.clientStart(share, e, ctx);
      const message = base64urlText(first);
      const { reply, receipt } = await cosign({ requestId, epoch, message });
      let nonces = '';
      const onRefused = (both: Uint8Array) => {
        nonces = base64urlText(both);
      };
      try {
        return twoParty.sign.clientFinish(state, bytesOf(reply), { onRefused });
      } catch (cause) {
        if (!(cause instanceof GmError)) throw cause;
        const texts = { digest: base64urlText(e), context: base64urlText(ctx), message, reply };
        const transcript = { requestId, ...texts, nonces, ...(receipt ? { receipt } : {}) };
        throw await misbehaved(terminal, keyId, transcript, cause);
      }
    },
    async certificateRequest() {
      const spki = keys.encodeSpki(publicKey);
      const info = derSequence(derInteger(0), derSequence(), spki, derElement(0xa0));
      const request = base64urlText(info);
      const signature = await session.sign(info, { purpose: 'certificate_request', request });
      // GM/T 0006: SM2-with-SM3.
      const algorithm = derSequence(derObjectIdentifier('1.2.156.10197.1.501'));
      const signed = derSequence(info, algorithm, derBitString(signature));
      return encodePem('CERTIFICATE REQUEST', signed);
    },
  };
  return session;
}

async function stored({ vault }: KeyTerminal, keyId: string): Promise<StoredKey> {
  const key = await vault.load(keyId);
  if (!key) throw new ApiError('personal_key_not_here');
  return key;
}

/** Under the secret of the share that it follows: both open with one ceremony. */
function resealed({ tenant, keyId, salt }: StoredShare, share: Uint8Array, secret: ShareSecret) {
  return encryptShare(share, { tenant, keyId, salt: bytesOf(salt) }, secret);
}

function newUuid({ now }: Pick<KeyTerminal, 'now'>): string {
  return uuidV7(now(), crypto.getRandomValues(new Uint8Array(uuidRandomBytes)));
}

const bytesOf = (text: string) => base64urlBytes(text) ?? new Uint8Array(0);
