import { canonicalJson } from '../lib/canonical-json.ts';
import { tupleBytes } from '../lib/tuple.ts';

// What two-party SM2 binds into every hash (`ctx` of `gm.twoParty`). Terminal and service build it
// from the same facts, so a message of another key, tenant, epoch or request fits nowhere.

interface OfKey {
  readonly tenant: string;
  readonly keyId: string;
}

const version = 'cinnabar two-party sm2 1';

/** Of key generation; `sessionId` names the one run of the protocol. */
export function keygenContext({ tenant, keyId }: OfKey, sessionId: string): Uint8Array {
  return tupleBytes(version, 'keygen', tenant, keyId, sessionId);
}

/** Of one signature; `requestId` names it, and the chips answer it once. */
export function signContext(
  { tenant, keyId }: OfKey,
  epoch: number,
  requestId: string,
): Uint8Array {
  return tupleBytes(version, 'sign', tenant, keyId, epoch, requestId);
}

/** Of a refresh from `epoch` to the one after it. */
export function refreshContext(
  { tenant, keyId }: OfKey,
  epoch: number,
  sessionId: string,
): Uint8Array {
  return tupleBytes(version, 'refresh', tenant, keyId, epoch, sessionId);
}

/** What is signed with the new shares of a refresh, whose epoch is `epoch`, to end it. */
export function refreshProof(refresh: {
  readonly keyId: string;
  readonly sessionId: string;
  readonly epoch: number;
}): string {
  return canonicalJson({ v: 1, purpose: 'refresh', ...refresh });
}
