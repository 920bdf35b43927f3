import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { type Protection, protections } from './keys.ts';
import type { ChipCertificate } from './roster.ts';
import type { Incarnation, KeyKind, KeyName } from './types.ts';

/**
 * `healthy`: answers as fast as the others; `slow`: answers late; `suspect`: did not answer just
 * now; `out`: has not answered for a while, or answers wrongly.
 */
export const healths = ['healthy', 'slow', 'suspect', 'out'] as const;
export type Health = (typeof healths)[number];

/**
 * `active`: gets new keys; `draining`: gives its keys away; `drained`: holds none and may be taken
 * out; `quarantined`: its storage or its host is not the one that was certified; `empty`: it was
 * emptied and proved it, and may be taken back.
 */
export const duties = ['active', 'draining', 'drained', 'quarantined', 'empty'] as const;
export type Duty = (typeof duties)[number];

/** What guards know of a chip. */
export interface ChipView {
  readonly chip: string;
  readonly zone: string;
  readonly pool: string;
  readonly certificate: ChipCertificate;
  readonly incarnation: Incarnation;
  readonly health: Health;
  readonly duty: Duty;
}

/** Pool of the tenants that have none of their own. */
export const sharedPool = 'shared';
/** Chips that hold a key. */
export const replicasWanted = 3;
/** Chips that must prove it before anybody learns the public key. */
export const replicasLeast = 2;

/**
 * What a chip of this level gives a key of this kind. Tokens compute with P-256 and RSA, and agree
 * with a key on the SM2 curve, which is what decrypting takes. Signing with SM2, a two-party share,
 * Ed25519 and wrapping keys are computed outside, with keys that a key in the token encrypts.
 */
export function protectionOf(
  level: Protection,
  kind: Pick<KeyKind, 'algorithm' | 'uses' | 'policy'>,
): Protection {
  if (level !== 'hsm') return level;
  return isTokenKey(kind) ? 'hsm' : 'hsm-wrapped';
}

/**
 * Whether a hardware token makes and uses keys of this kind by itself. SM2 keys for decryption only
 * where the policy insists: not every token that agrees with them also takes a copy of them.
 */
export function isTokenKey(kind: Pick<KeyKind, 'algorithm' | 'uses' | 'policy'>): boolean {
  const { algorithm, policy } = kind;
  if (algorithm === 'sm2') return isDecryptOnly(kind) && policy.protection === 'hsm';
  return algorithm === 'p256' || algorithm === 'rsa3072';
}

export function isDecryptOnly({ uses }: Pick<KeyKind, 'uses'>): boolean {
  return uses.length > 0 && uses.every((use) => use === 'decrypt');
}

/**
 * The chips for a key, best first: rendezvous hashing over the tenant's pool (each chip's score is
 * SHA-256 of tenant, key and chip, so that a chip that comes or goes moves only its own share of
 * the keys), with chips of zones not taken yet before all others.
 *
 * Keys do not move between software and hardware. Hardware of the shared pool takes the keys whose
 * policy asks for it, hardware of a tenant's own pool all keys of that tenant.
 */
export function placementOf(kind: KeyKind, chips: readonly ChipView[]): readonly ChipView[] {
  const level = kind.policy.protection ?? 'software';
  const able = chips.filter(
    (view) =>
      isServing(view) &&
      protections.indexOf(protectionOf(view.certificate.protection, kind)) >=
        protections.indexOf(level),
  );
  const own = able.filter(({ pool }) => pool === kind.tenant);
  const ownHardware = own.filter(isHardware);
  const pool =
    [ownHardware, own].find((views) => views.length >= replicasLeast) ??
    able.filter((view) => view.pool === sharedPool && isHardware(view) === (level !== 'software'));
  const ranked = pool
    .map((view) => ({ view, score: scoreOf(kind, view.chip) }))
    .sort((a, b) => (a.score < b.score ? 1 : -1))
    .map(({ view }) => view);
  return spreadOverZones(ranked);
}

/** Whether the chip takes part in the cluster's work. */
export function isServing({ duty, health }: Pick<ChipView, 'duty' | 'health'>): boolean {
  return duty === 'active' && health !== 'out';
}

function isHardware({ certificate }: ChipView): boolean {
  return certificate.protection !== 'software';
}

function spreadOverZones(ranked: readonly ChipView[]): readonly ChipView[] {
  const rest = [...ranked];
  const ordered: ChipView[] = [];
  while (rest.length > 0) {
    const zones = new Set<string>();
    const round = rest.filter(({ zone }) => !zones.has(zone) && zones.add(zone));
    ordered.push(...round);
    for (const view of round) rest.splice(rest.indexOf(view), 1);
  }
  return ordered;
}

function scoreOf({ tenant, keyId }: KeyName, chip: string): string {
  return bytesToHex(sha256(tupleBytes('cinnabar placement', tenant, keyId, chip)));
}
