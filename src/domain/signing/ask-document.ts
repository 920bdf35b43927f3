import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Actor, Caller, Role } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { getCard, isActive } from '../seals/cards.ts';
import { sealPicture } from '../seals/pictures.ts';
import type { SealDeps } from '../seals/ports.ts';
import { getSeal } from '../seals/seals.ts';
import { serialOf } from './decide.ts';
import { documentBytesMax, keepDocument } from './document-store.ts';
import { isFit, prepareDocument } from './document-work.ts';
import { getOperation } from './operation.ts';
import { askOperation, type NewOperation } from './operations.ts';
import type { SigningDeps } from './ports.ts';
import type { DocumentWork, Operation, OperationDocument } from './types.ts';

export interface NewDocumentOperation extends Omit<NewOperation, 'request' | 'document'> {
  readonly work: DocumentWork;
  /** As the person calls it. */
  readonly name: string;
  /** Absent for a new electronic seal, whose picture comes from the reserved imprint. */
  readonly file?: Uint8Array;
}

/**
 * Asks for work on a document (C4, C6). From here on it is an operation like any other: the person
 * activates the key for exactly what it must do for this document, and gets the finished document
 * for the signature over the outcome.
 *
 * @throws CinnabarError as `askOperation`; `payload_too_large`, `document_malformed`,
 * `document_key_unfit`, `envelope_not_addressed`; for electronic seals `seal_not_found`,
 * `seal_not_active`, `seal_card_inactive`, `document_absent`, `electronic_seal_expired`
 */
export function askDocument(
  deps: SigningDeps & SealDeps,
  caller: Caller,
  request: NewDocumentOperation,
): Promise<Operation> {
  const { work, name, file, ...terms } = request;
  return askOperation(deps, caller, { ...terms, request: unprepared(work) }, async ({ key }) => {
    const serial = await serialOf(deps, key);
    if (serial === undefined || !isFit(key, work)) throw new CinnabarError('document_key_unfit');
    const input = file ?? (await pictureFor(deps, caller, work));
    if (input.length > documentBytesMax) throw new CinnabarError('payload_too_large');
    if (work.action === 'seal') await assertElectronicSeal(deps, caller, work.sealOf);
    const document: OperationDocument = {
      work,
      name,
      bytes: input.length,
      sha256Hex: bytesToHex(sha256(input)),
      serial,
      atMs: wholeSecond(deps.clock.now()),
    };
    const { id, reason } = terms;
    const { tenant } = key;
    const job = { tenant, operationId: id, document, input, reason };
    const prepared = await prepareDocument(deps, job);
    const rows = [await keepDocument(deps, tenant, id, 'input', input)];
    return { request: prepared, document, rows };
  });
}

/** Of which kind the work is, which is what a grant allows; the rest is found out afterwards. */
function unprepared({ action }: DocumentWork): NewOperation['request'] {
  return action === 'open'
    ? { kind: 'decrypt', scheme: 'sm2', ciphertextB64: '' }
    : { kind: 'sign', scheme: 'sm2-sm3', messageB64: '' };
}

/** Times in documents have whole seconds. */
const wholeSecond = (ms: number) => ms - (ms % 1000);

/** As for the picture of a seal itself. */
const imprintReaders: readonly Role[] = ['teller', 'administrator', 'reviewer', 'auditor'];

/** The reserved imprint whose picture an electronic seal carries: the bridge from paper. */
async function pictureFor(deps: SealDeps, caller: Caller, work: DocumentWork): Promise<Uint8Array> {
  if (work.action !== 'make_seal') {
    const fields = [{ pointer: '/body/file', code: 'required' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  // A grant to sign is no right to see the bank's seal cards.
  const mayRead = caller.actor.roles.some((role) => imprintReaders.includes(role));
  if (!mayRead) throw new CinnabarError('forbidden');
  await assertImprint(deps, caller.actor, work.sealId);
  return sealPicture(deps, caller, work.sealId, undefined);
}

async function assertImprint(deps: SealDeps, actor: Actor, sealId: string): Promise<void> {
  const seal = await getSeal(deps, actor, sealId);
  if (seal.status !== 'active') throw new CinnabarError('seal_not_active');
  const card = await getCard(deps, actor, seal.cardId);
  if (card.status !== 'active' || !isActive(card, deps.clock.now())) {
    throw new CinnabarError('seal_card_inactive');
  }
}

/** An electronic seal is worth what its dates and its imprint on paper are: closed there, closed here. */
async function assertElectronicSeal(
  deps: SigningDeps & SealDeps,
  { actor }: Caller,
  operationId: string,
): Promise<void> {
  const { document, state } = await getOperation(deps, actor, operationId);
  if (document?.work.action !== 'make_seal' || state !== 'completed') {
    throw new CinnabarError('document_absent');
  }
  const { validUntilMs, sealId } = document.work;
  if (deps.clock.now() > validUntilMs) throw new CinnabarError('electronic_seal_expired');
  await assertImprint(deps, actor, sealId);
}
