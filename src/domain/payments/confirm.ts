import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, record } from '../audit/record.ts';
import { certificateStateOf, settingsOf } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { coSign } from '../signing/co-sign.ts';
import { getPersonalKey } from '../signing/personal-keys.ts';
import {
  type AssertionAnswer,
  finishAssertion,
  getPasskey,
  type RelyingParty,
  startAssertion,
} from '../tokens/passkeys.ts';
import { standingAgreements } from './agreement.ts';
import { assessmentRecord, hashOf } from './assessment.ts';
import { paymentLimits } from './facts.ts';
import { assertThroughSession, auditOf, getOrder } from './order.ts';
import type { PaymentDeps } from './ports.ts';
import { agreementKind } from './shown-payment.ts';
import type { Order, PaymentReceipt } from './types.ts';

export interface Confirmation {
  readonly id: string;
  /** Names this attempt to sign; another one signs the same text. */
  readonly requestId: string;
  /** Of the terminal's share. */
  readonly epoch: number;
  /** First message of `gm.twoParty.sign` over the order's text. */
  readonly message: Uint8Array;
  /** Of the passkey of the terminal, if it has one: the person saw the text and agreed. */
  readonly gesture?: { readonly rp: RelyingParty; readonly answer: AssertionAnswer };
}

/**
 * What the passkey of the order's terminal is asked: a challenge bound to the text of the order, so
 * that the answer agrees to nothing else.
 *
 * @throws CinnabarError `order_not_found`, `terminal_not_found`, `passkey_not_found` for a terminal
 * that has none in use
 */
export async function askForGesture(deps: PaymentDeps, actor: Actor, rp: RelyingParty, id: string) {
  const order = await getOrder(deps, actor, id);
  const device = await deviceOf(deps, order);
  // One that was revoked is asked nothing, nor is any other in its place.
  const { id: passkeyId } = await getPasskey(deps, actor, device.passkeyId ?? '');
  return startAssertion(deps, rp, agreement(order), passkeyId);
}

function agreement({ tenant, payer, text }: Order) {
  return { tenant, actor: payer, about: utf8ToBytes(text) };
}

/** A device that was revoked since the order was placed confirms nothing. */
async function deviceOf(deps: PaymentDeps, { tenant, payer, terminalId }: Order) {
  const device = await deps.devices.find(tenant, payer, terminalId);
  if (!device) throw new CinnabarError('terminal_not_found');
  return device;
}

/** @throws CinnabarError `passkey_refused` */
async function assertAgreed(
  deps: PaymentDeps,
  order: Order,
  { requestId, gesture }: Confirmation,
): Promise<void> {
  const { passkeyId } = await deviceOf(deps, order);
  // An answer is good for one attempt; that attempt may be repeated when its end was not seen.
  if (passkeyId === undefined || order.approvedRequestId === requestId) return;
  if (gesture?.answer.response.id !== passkeyId) throw new CinnabarError('passkey_refused');
  const { clientDataJSON } = gesture.answer.response.response;
  const kind = agreementKind(base64urlBytes(clientDataJSON), order, gesture.rp);
  if (!kind) throw new CinnabarError('passkey_refused');
  await finishAssertion(deps, gesture.rp, { ...agreement(order), kind }, gesture.answer);
}

/**
 * The person confirmed: the amount is set aside, and only then the chip with the other share of
 * the person's key answers (E7, E8). What it signs is the stored text of the order, whatever the
 * terminal showed or believes.
 *
 * @throws CinnabarError `order_not_found`, `order_state`, `order_expired`, `order_over_limit`,
 * `certificate_not_active`, `terminal_not_found`, `session_required`, `passkey_refused`,
 * `second_person_needed`, `payee_changed`, and as `coSign`
 */
export async function confirmOrder(
  deps: PaymentDeps,
  caller: Caller,
  confirmation: Confirmation,
): Promise<{ readonly order: Order; readonly reply: Uint8Array }> {
  const { tenant, id: payer } = caller.actor;
  const { id, requestId, epoch, message } = confirmation;
  const order = await getOrder(deps, caller.actor, id);
  await assertThroughSession(deps, caller, order.terminalId);
  await assertAgreed(deps, order, confirmation);
  await assertPayeeUnchanged(deps, caller, order);
  await assertAgreementsStand(deps, order);
  const limits = await limitsNow(deps, order);
  const authorised = await audited(deps.audit, caller, auditOf('payment.authorise', order), () =>
    deps.books.authorise(tenant, payer, id, {
      requestId,
      limits,
      nowMs: deps.clock.now(),
      utcOffsetMinutes: deps.utcOffsetMinutes,
    }),
  );
  if (authorised.state !== 'authorised') throw new CinnabarError('order_state');
  const request = { keyId: order.personalKeyId, requestId, epoch, message };
  const approved = {
    purpose: 'payment',
    bytes: utf8ToBytes(order.text),
    // Whoever froze the certificate while the amount was set aside is heard before the chip is.
    assertStands: () => assertInForce(deps, order),
  };
  const { reply, receipt } = await coSign(deps, caller, request, approved);
  const chipAsked = { epoch, message: base64urlText(message) };
  const chip = { chipReceipt: receipt, chipAsked };
  return { order: await deps.books.answered(tenant, payer, id, chip), reply };
}

/**
 * The institution may have begun to watch or to block the payee since the order was assessed. Then it
 * was assessed as another order than it is now, and ends; placed again, it is assessed by the list.
 *
 * @throws CinnabarError `payee_changed`
 */
async function assertPayeeUnchanged(
  deps: PaymentDeps,
  caller: Caller,
  order: Order,
): Promise<void> {
  const { tenant, payer, id, payee, facts } = order;
  const listed = await deps.riskRegister.payeeListed(tenant, payee.account);
  if (severity[listed] <= severity[facts.payee.listed] || order.state !== 'assessed') return;
  await audited(deps.audit, caller, auditOf('payment.payee_listed', order), async () => {
    const nowMs = deps.clock.now();
    const ended = await deps.books.terminate(tenant, payer, id, 'risk', '', nowMs);
    await deps.riskRegister.keep(ended);
  });
  throw new CinnabarError('payee_changed');
}

const severity = { none: 0, watched: 1, blocked: 2 } as const;

/**
 * Who agreed may have lost the right to since then. What stays waits for somebody else, or for the
 * same person by another certificate.
 *
 * @throws CinnabarError `second_person_needed`
 */
async function assertAgreementsStand(deps: PaymentDeps, order: Order): Promise<void> {
  const { needed = 0 } = order.dualControl ?? {};
  const standing = await standingAgreements(deps, order);
  if (standing.length < needed) throw new CinnabarError('second_person_needed');
}

/** The certificate may have lost its standing since the order was assessed. */
async function assertInForce(deps: PaymentDeps, { certificateSerial }: Order): Promise<void> {
  if ((await certificateStateOf(deps, certificateSerial)) !== 'good') {
    throw new CinnabarError('certificate_not_active');
  }
}

async function limitsNow(deps: PaymentDeps, order: Order) {
  const { certificateSerial, channel, currency } = order;
  await assertInForce(deps, order);
  const settings = await settingsOf(deps, certificateSerial);
  const limits = settings && paymentLimits(settings, channel, currency);
  if (!limits) throw new CinnabarError('order_over_limit');
  return limits;
}

/**
 * Executes an authorised order for the person's whole signature, once however often it is asked
 * for, and anchors its receipt.
 *
 * @throws CinnabarError `order_not_found`, `order_state`, `order_expired`, `session_required`,
 * `signature_invalid`, `ledger_unavailable` (the order is executed then; repeated, the call anchors it)
 */
export async function executeOrder(
  deps: PaymentDeps,
  caller: Caller,
  request: { readonly id: string; readonly signature: Uint8Array },
): Promise<Order> {
  const { tenant, id: payer } = caller.actor;
  const { id, signature } = request;
  const order = await getOrder(deps, caller.actor, id);
  await assertThroughSession(deps, caller, order.terminalId);
  const operation = auditOf('payment.execute', order);
  if (order.state === 'executed' && order.receipt?.place) {
    // The first attempt may have ended between the book and the record of its outcome.
    await record(deps.audit, caller, operation, 'done');
    return order;
  }
  return audited(deps.audit, caller, operation, async () => {
    const executed =
      order.state === 'executed'
        ? order
        : await deps.books.execute(
            tenant,
            payer,
            id,
            await receiptOf(deps, caller, order, signature),
            deps.clock.now(),
          );
    const anchored = await anchor(deps, executed);
    await deps.riskRegister.keep(anchored);
    return anchored;
  });
}

async function receiptOf(
  deps: PaymentDeps,
  caller: Caller,
  order: Order,
  signature: Uint8Array,
): Promise<PaymentReceipt> {
  const { chipReceipt, chipAsked } = order;
  if (!chipReceipt || !chipAsked) throw new CinnabarError('order_state');
  const gm = await loadGm();
  const { publicKeyHex } = await getPersonalKey(deps, caller.actor, order.personalKeyId);
  if (!gm.sm2.verify(hexToBytes(publicKeyHex), utf8ToBytes(order.text), signature)) {
    throw new CinnabarError('signature_invalid');
  }
  const body = {
    text: order.text,
    signatureHex: bytesToHex(signature),
    publicKeyHex,
    chipReceipt,
    chipAsked,
    assessment: assessmentRecord(order),
    assessmentHash: order.assessmentHash,
    cleared: order.cleared ?? null,
    agreed: order.dualControl?.agreed ?? [],
    executedAtMs: deps.clock.now(),
  };
  return { ...body, recordSha256: hashOf(body) };
}

async function anchor(deps: PaymentDeps, order: Order): Promise<Order> {
  const { receipt, id } = order;
  if (!receipt) throw new CinnabarError('order_state');
  if (receipt.place) return order;
  const place = await deps.ledger.appendNext(
    {
      v: 1,
      type: 'payment',
      subject: `payment/${id}`,
      at: instantText(deps.clock.now()),
      recordSha256: receipt.recordSha256,
    },
    { requestId: id },
  );
  return deps.books.annotate(order.tenant, order.payer, id, { ...receipt, place });
}
