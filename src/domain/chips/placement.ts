import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { type Protection, protections } from './keys.ts';
import type { Incarnation, KeyName } from './ports.ts';
import type { ChipCertificate } from './roster.ts';

/**
 * `healthy`: answers as fast as the others; `slow`: answers late; `suspect`: did not answer just
 * now; `out`: has not answered for a while, or answers wrongly.
 */
export const healths = ['healthy', 'slow', 'suspect', 'out'] as const;
export type Health = (typeof healths)[number];

/**
 * `active`: gets new keys; `draining`: gives its keys away; `drained`: holds none and may be taken
 * out; `quarantined`: its storage or its host is not the one that was certified.
 */
export const duties = ['active', 'draining', 'drained', 'quarantined'] as const;
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
 * The chips for a key, best first: rendezvous hashing over the tenant's pool (each chip's score is
 * SHA-256 of tenant, key and chip, so that a chip that comes or goes moves only its own share of
 * the keys), with chips of zones not taken yet before all others.
 */
export function placementOf(
  name: KeyName,
  chips: readonly ChipView[],
  level: Protection | undefined,
): readonly ChipView[] {
  const able = chips.filter(
    ({ duty, health, certificate }) =>
      duty === 'active' &&
      health !== 'out' &&
      (level === undefined ||
        protections.indexOf(certificate.protection) >= protections.indexOf(level)),
  );
  const own = able.filter(({ pool }) => pool === name.tenant);
  const pool = own.length >= replicasLeast ? own : able.filter(({ pool }) => pool === sharedPool);
  const ranked = pool
    .map((view) => ({ view, score: scoreOf(name, view.chip) }))
    .sort((a, b) => (a.score < b.score ? 1 : -1))
    .map(({ view }) => view);
  return spreadOverZones(ranked);
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
