import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { type Receipt, verifyReceipt } from '../../core/usage/receipt.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited } from '../audit/record.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { Row } from '../row-store.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';

/** What a terminal kept of a run in which the answer was no half of a signature. */
export interface Transcript {
  readonly requestId: string;
  /** All as they went over the line, base64url. */
  readonly digest: string;
  readonly context: string;
  readonly message: string;
  readonly reply: string;
  /** As it came with the reply; the chip's signature in it covers the reply. */
  readonly receipt?: Readonly<Record<string, unknown>>;
}

/** A report that the cloud answered wrongly. */
export interface Misbehaviour extends Row {
  readonly reportedBy: string;
  readonly personalKeyId: string;
  /**
   * Whether the receipt is a signature over this very reply, by the key that it names: then whoever
   * has that key, which the certificates of the chips tell, cannot deny the reply. Otherwise what
   * arrived is not what a chip sent.
   */
  readonly isReceipted: boolean;
  readonly transcript: Transcript;
  readonly atMs: number;
}

/**
 * Keeps a report (C8). Nothing is computed with the key for it: a report must not be a way to have
 * something signed.
 *
 * @throws CinnabarError `personal_key_not_found`, `audit_unavailable`
 */
export async function reportMisbehaviour(
  deps: SigningDeps,
  caller: Caller,
  report: {
    readonly id: string;
    readonly keyId: string;
    readonly reply: Uint8Array;
    readonly transcript: Transcript;
  },
): Promise<Misbehaviour> {
  const { tenant, id: reportedBy } = caller.actor;
  const { id, keyId, transcript } = report;
  await getPersonalKey(deps, caller.actor, keyId);
  const isReceipted = await isCovered(keyId, report);
  const kept: Misbehaviour = {
    tenant,
    id,
    revision: 1,
    reportedBy,
    personalKeyId: keyId,
    isReceipted,
    transcript,
    atMs: deps.clock.now(),
  };
  const operation = {
    action: 'personal_key.misbehaviour',
    subject: `personal_key:${keyId}`,
    detail: { report: id, receipted: String(isReceipted) },
  };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const earlier = await deps.signing.find(tenant, 'misbehaviour', id);
      const write: Entry[] = earlier ? [] : [entryOf('misbehaviour', kept)];
      return { result: earlier ?? kept, write };
    }),
  );
}

async function isCovered(
  keyId: string,
  {
    reply,
    transcript: { receipt, requestId },
  }: { readonly reply: Uint8Array; readonly transcript: Transcript },
): Promise<boolean> {
  const gm = await loadGm();
  // Of any form: it comes from outside, and every member that counts is compared.
  const given = receipt as unknown as Receipt;
  try {
    return (
      given.keyId === keyId &&
      given.requestId === requestId &&
      given.resultHashHex === bytesToHex(gm.sm3(reply)) &&
      verifyReceipt(gm, hexToBytes(given.chipPublicKeyHex), given)
    );
  } catch {
    return false;
  }
}

/** Reports of the institution, newest first, for who oversees. */
export function listMisbehaviour(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Misbehaviour>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.signing.list(actor.tenant, 'misbehaviour', {}, request),
  );
}
