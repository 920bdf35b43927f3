import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlBytes } from '../../lib/base64url.ts';
import { decodePem } from '../../lib/pem.ts';
import type { LedgerPolicy, VerifiedCheckpoint } from '../ledger/checkpoint.ts';
import { leafHash } from '../ledger/merkle.ts';
import { type ParsedCertificate, parseCertificate } from './certificate.ts';
import { type ChainFailure, verifyCertificateChain } from './chain.ts';
import { certificateDigests, checkCheckpoint, isIncluded, readEvent } from './evidence.ts';
import { verifySignature } from './public-key.ts';

/** What a holder is given: everything that proves the certificate to somebody who is offline. */
export interface DeliveryBundle {
  readonly format: 'cinnabar-certificate-bundle/1';
  readonly serial: string;
  /** PEM: the certificate, its issuer, the root. */
  readonly certificate: string;
  readonly chain: readonly string[];
  readonly settings: SignedSettings;
  readonly ledger: {
    /** Signed note. */
    readonly checkpoint: string;
    /** Every event of the certificate, oldest first: its exact bytes, base64url. */
    readonly entries: readonly {
      readonly index: number;
      readonly entry: string;
      /** Hashes in hex. */
      readonly proof: readonly string[];
    }[];
  };
}

export interface SignedSettings {
  /** Canonical JSON (RFC 8785); what was signed is its UTF-8. */
  readonly payload: string;
  readonly signatures: readonly {
    readonly scheme: 'sm2-sm3' | 'ecdsa-p256-sha256';
    readonly spkiSha256: string;
    /** DER, base64url. */
    readonly value: string;
  }[];
}

/** What must come from a place that the verifier trusts, never from the bundle. */
export interface BundleTrust {
  /** Root certificates, DER. */
  readonly roots: readonly Uint8Array[];
  readonly ledger: LedgerPolicy;
}

export const bundleSteps = ['chain', 'settings', 'checkpoint', 'entries', 'delivered'] as const;
export type BundleStep = (typeof bundleSteps)[number];

export interface BundleResult {
  readonly step: BundleStep;
  readonly ok: boolean;
  readonly code?: string;
}

export interface BundleVerdict {
  readonly ok: boolean;
  readonly code?: string;
  readonly steps: readonly BundleResult[];
  /** The settings of a bundle that holds, as they were signed. */
  readonly settings?: unknown;
}

/**
 * Verifies a delivered bundle without asking anybody (A11): the chain to a trusted root; the
 * settings' signature by the issuer and their bond to the exact certificate; the checkpoint with
 * its witnesses; each event in its tree, each the successor of the one before, the first one frozen
 * over these very bytes; and that the last one is the delivery.
 *
 * It says what held when the bundle was made. Whether the certificate was put on hold or revoked
 * since then, only a list, an OCSP answer or the ledger can tell.
 */
export async function verifyBundle(
  bundle: DeliveryBundle,
  trust: BundleTrust,
  nowMs: number,
): Promise<BundleVerdict> {
  const opened = openBundle(bundle);
  if (!opened) return { ok: false, code: 'bundle_malformed', steps: [] };
  const { chain, entries } = opened;
  const checkpoint = await checkCheckpoint(bundle.ledger.checkpoint, trust.ledger, nowMs);
  const codes: Readonly<Record<BundleStep, string | undefined>> = {
    chain: await chainCode(chain, trust.roots, nowMs),
    settings: await settingsCode(bundle.settings, chain),
    checkpoint: checkpoint.outcome.code,
    entries: await entriesCode(entries, checkpoint.verified, chain),
    delivered: deliveredCode(entries, bundle.settings),
  };
  const steps = bundleSteps.map((step) => {
    const code = codes[step];
    return { step, ok: code === undefined, ...(code === undefined ? {} : { code }) };
  });
  const first = steps.find(({ ok }) => !ok);
  if (first) return { ok: false, code: first.code ?? 'bundle_malformed', steps };
  return { ok: true, steps, settings: JSON.parse(bundle.settings.payload).settings };
}

interface OpenEntry {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly proof: readonly Uint8Array[];
  readonly event: Readonly<Record<string, unknown>>;
}

/** Certificate first, root last. */
type Chain = readonly [ParsedCertificate, ...ParsedCertificate[]];

function openBundle(
  bundle: DeliveryBundle,
): { readonly chain: Chain; readonly entries: readonly OpenEntry[] } | undefined {
  try {
    const [leaf, ...above] = [bundle.certificate, ...bundle.chain].map((text) =>
      parseCertificate(decodePem('CERTIFICATE', text)),
    );
    if (!leaf || bundle.format !== 'cinnabar-certificate-bundle/1') return undefined;
    JSON.parse(bundle.settings.payload);
    const entries = bundle.ledger.entries.map(({ index, entry, proof }): OpenEntry => {
      const bytes = base64urlBytes(entry);
      const event = bytes && readEvent(bytes);
      if (!bytes || !event) throw new TypeError('an entry cannot be read');
      return { index, bytes, event, proof: proof.map((item) => hexToBytes(item)) };
    });
    return { chain: [leaf, ...above], entries };
  } catch {
    // Whatever is wrong with its form, it is no bundle.
    return undefined;
  }
}

async function chainCode(
  chain: Chain,
  roots: readonly Uint8Array[],
  nowMs: number,
): Promise<ChainFailure | undefined> {
  const result = await verifyCertificateChain(chain, roots, nowMs);
  return result.ok ? undefined : result.code;
}

/** One good signature is enough, and it must be by the key that issued the certificate. */
async function settingsCode(
  { payload, signatures }: SignedSettings,
  [leaf, issuer]: Chain,
): Promise<string | undefined> {
  const { certSha256 } = JSON.parse(payload) as { certSha256?: unknown };
  if (certSha256 !== bytesToHex(sha256(leaf.der))) return 'settings_of_another_certificate';
  const spki = issuer?.spki ?? new Uint8Array(0);
  const own = signatures.find(({ spkiSha256 }) => spkiSha256 === bytesToHex(sha256(spki)));
  const value = own && base64urlBytes(own.value);
  if (!own || !value) return 'settings_unsigned';
  const isSigned = await verifySignature(spki, own.scheme, utf8ToBytes(payload), value);
  return isSigned ? undefined : 'settings_signature_invalid';
}

async function entriesCode(
  entries: readonly OpenEntry[],
  checkpoint: VerifiedCheckpoint | undefined,
  [leaf, issuer]: Chain,
): Promise<string | undefined> {
  if (!checkpoint) return 'checkpoint_refused';
  let previous: string | null = null;
  for (const entry of entries) {
    if (!isIncluded(entry, checkpoint)) return 'inclusion_failed';
    if (entry.event.prev !== previous) return 'chain_broken';
    if (entry.event.subject !== entries[0]?.event.subject) return 'chain_broken';
    previous = bytesToHex(leafHash(entry.bytes));
  }
  const frozen = entries[0]?.event;
  if (frozen?.type !== 'frozen') return 'entry_not_frozen';
  const digests = await certificateDigests(leaf.der);
  const areSame =
    frozen.certSha256 === digests.certSha256 &&
    frozen.certSm3 === digests.certSm3 &&
    frozen.subjectSpkiSha256 === bytesToHex(sha256(leaf.spki)) &&
    frozen.issuerSpkiSha256 === bytesToHex(sha256(issuer?.spki ?? new Uint8Array(0)));
  return areSame ? undefined : 'hash_differs';
}

function deliveredCode(
  entries: readonly OpenEntry[],
  { payload }: SignedSettings,
): string | undefined {
  const hash = bytesToHex(sha256(utf8ToBytes(payload)));
  const types = entries.map(({ event }) => event.type);
  const isDelivered = ['thawed', 'settings', 'issued'].every((type) => types.includes(type));
  if (!isDelivered) return 'not_delivered';
  const bound = entries.findLast(({ event }) => event.type === 'settings');
  if (bound?.event.settingsSha256 !== hash) return 'settings_differ';
  return types.at(-1) === 'suspended' || types.at(-1) === 'revoked' ? 'not_in_force' : undefined;
}
