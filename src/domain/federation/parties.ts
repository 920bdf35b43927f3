import { hexToBytes } from '@noble/hashes/utils.js';
import type { BoxContext, Step } from '../../core/federation/envelope.ts';
import {
  publicKeysOf,
  type Roster,
  type RosterParty,
  rosterHash,
} from '../../core/federation/roster.ts';
import type { PartyKeys, PartyPublicKeys, Suite } from '../../core/federation/suite.ts';
import { derivedKey } from '../../core/federation/suite.ts';
import { PartyRefusal } from './messages.ts';
import type { ScoringContext } from './pieces.ts';
import { type Sharing, sharingOf } from './sharing.ts';

/** A roster, ready to compute with. */
export interface Federation {
  readonly roster: Roster;
  readonly rosterHash: string;
  readonly suite: Suite;
  readonly sharing: Sharing;
  readonly publicKeys: ReadonlyMap<string, PartyPublicKeys>;
}

/** @throws TypeError, FederationError when the roster cannot be computed with */
export function openFederation(roster: Roster, suite: Suite): Federation {
  if (suite.name !== roster.suite) throw new TypeError('the roster asks for another suite');
  const parties: readonly RosterParty[] = [...roster.nodes, roster.decision];
  return {
    roster,
    rosterHash: rosterHash(roster),
    suite,
    sharing: sharingOf(roster.nodes.length, roster.threshold),
    publicKeys: new Map(parties.map((party) => [party.id, publicKeysOf(party)])),
  };
}

/** Where a node stands in the sharing. @throws PartyRefusal `message_invalid` for a stranger */
export function indexOfNode({ roster }: Federation, id: string): number {
  const index = roster.nodes.findIndex((node) => node.id === id);
  if (index < 0) throw new PartyRefusal('message_invalid');
  return index;
}

export function keysOfParty({ publicKeys }: Federation, id: string): PartyPublicKeys {
  const keys = publicKeys.get(id);
  if (!keys) throw new PartyRefusal('message_invalid');
  return keys;
}

/** @throws TypeError when a party's own keys are not those that the roster names */
export function assertOwnKeys(federation: Federation, own: PartyKeys): void {
  const known = keysOfParty(federation, own.id);
  const same = (a: Uint8Array, b: Uint8Array) =>
    a.length === b.length && a.every((byte, i) => byte === b[i]);
  if (!same(known.boxKey, own.box.publicKey) || !same(known.signKey, own.sign.publicKey)) {
    throw new TypeError(`the roster names other keys for ${own.id}`);
  }
}

export function boxContext(
  { rosterHash: hash }: Federation,
  requestId: string,
  step: Step,
  from: string,
  to: string,
): BoxContext {
  return { requestId, rosterHash: hash, step, from, to };
}

/** What the pieces of one person's scoring are bound to. */
export function scoringContext({ roster, sharing }: Federation, requestId: string): ScoringContext {
  return {
    requestId: hexToBytes(requestId),
    modelHash: hexToBytes(roster.modelHash),
    n: sharing.n,
    t: sharing.t,
    rows: 1,
  };
}

/** The keys that two nodes share: one to make pieces with, one to send the corrected ones under. */
export interface PairKeys {
  readonly pieces: Uint8Array;
  readonly transport: Uint8Array;
}

/** By node id, for all nodes but the own one. Made once: agreement costs more than all the rest. */
export function pairKeysOf(federation: Federation, own: PartyKeys): ReadonlyMap<string, PairKeys> {
  const peers = federation.roster.nodes.filter(({ id }) => id !== own.id);
  return new Map(
    peers.map(({ id }) => {
      const secret = federation.suite.agree(own, keysOfParty(federation, id));
      return [
        id,
        { pieces: derivedKey(secret, 'pieces'), transport: derivedKey(secret, 'transport') },
      ];
    }),
  );
}
