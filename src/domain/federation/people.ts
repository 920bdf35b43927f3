import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Identity } from '../../core/federation/identity.ts';
import { derivedKey } from '../../core/federation/suite.ts';
import type { Gm } from '../../core/gm.ts';

/** The keys under which a node knows people. None of them is on the applicant's machine or the edge. */
export interface PeopleKeys {
  /** All nodes of a federation share it; whoever lacks it cannot test a guessed identity number. */
  readonly consortium: Uint8Array;
  /** This node's own. */
  readonly pseudonym: Uint8Array;
  readonly match: Uint8Array;
  /** Shared, for the one pseudonym that the decision service sees. */
  readonly tag: Uint8Array;
}

export function peopleKeys(consortium: Uint8Array, nodeSecret: Uint8Array): PeopleKeys {
  return {
    consortium,
    pseudonym: derivedKey(nodeSecret, 'pseudonym'),
    match: derivedKey(nodeSecret, 'match'),
    tag: derivedKey(consortium, 'decision tag'),
  };
}

/** How a node finds a person, and what it can compare. */
export interface PersonReference {
  /** 16 bytes: the key of the person's row at this node. */
  readonly pid: Uint8Array;
  /** 32 bytes, equal for the same identity number and name. */
  readonly nameTag: Uint8Array;
  /** 32 bytes, equal for the same identity number and phone. */
  readonly phoneTag: Uint8Array;
  /** 16 bytes, the same at every node, meaningless without the consortium's key. */
  readonly tag: Uint8Array;
}

const pidBytes = 16;

/** `eid = HMAC-SM3(Kc, "CN-ID|" + number)`, `pid = HMAC-SM3(Kp, eid)`, cut to 16 bytes. */
export function referTo(gm: Gm, keys: PeopleKeys, identity: Identity): PersonReference {
  const eid = gm.hmacSm3(keys.consortium, utf8ToBytes(`CN-ID|${identity.idNumber}`));
  const matching = (kind: string, value: string) =>
    gm.hmacSm3(keys.match, concatBytes(eid, utf8ToBytes(`${kind}|${value}`)));
  return {
    pid: gm.hmacSm3(keys.pseudonym, eid).slice(0, pidBytes),
    nameTag: matching('NAME', identity.name),
    phoneTag: matching('PHONE', identity.phone),
    tag: gm.hmacSm3(keys.tag, eid).slice(0, pidBytes),
  };
}

/** Whether two tags are equal, in a time that does not depend on where they differ. */
export function sameTag(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [i, byte] of a.entries()) difference |= byte ^ (b[i] ?? 0);
  return difference === 0;
}
