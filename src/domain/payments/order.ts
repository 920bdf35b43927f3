import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import type { Channel } from '../federation/settings.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { assessOrder } from '../risk/assess.ts';
import { payeeAccount } from '../risk/payees.ts';
import { policyHash } from '../risk/policy.ts';
import { getPersonalKey } from '../signing/personal-keys.ts';
import { assessmentRecord, hashOf } from './assessment.ts';
import { factsOf } from './facts.ts';
import type { PaymentDeps } from './ports.ts';
import { sealRefused } from './seal.ts';
import type { OrderState } from './states.ts';
import { orderText } from './text.ts';
import type { NewOrder, Order, OrderTerms } from './types.ts';

/**
 * Places an order and assesses it (E7). A terminated one is an answer, not an error: it is kept
 * with its reasons, and no key ever moves for it.
 *
 * @throws CinnabarError `personal_key_not_found`, `terminal_not_found`, `session_required`,
 * `seal_verification_refused`, `audit_unavailable`
 */
export async function placeOrder(
  deps: PaymentDeps,
  caller: Caller,
  request: NewOrder,
): Promise<Order> {
  const { tenant, id: payer } = caller.actor;
  const earlier = await deps.books.find(tenant, payer, request.id, deps.clock.now());
  if (earlier) {
    // The first attempt may have ended between the book, the register and the record of its outcome.
    await deps.riskRegister.keep(earlier);
    await record(deps.audit, caller, auditOf('payment.place', earlier), 'done');
    return earlier;
  }
  await assertThroughSession(deps, caller, request.terminalId);
  const order = await assessed(deps, caller, request);
  return audited(deps.audit, caller, auditOf('payment.place', order), async () => {
    await claimSeal(deps, order);
    const placed = await deps.books.place(tenant, payer, order);
    await deps.riskRegister.keep(placed);
    return placed;
  });
}

/**
 * A terminal that has session keys pays through its session only (E6): whoever has the person's
 * access token and not the terminal's key gets no order through.
 *
 * @throws CinnabarError `session_required`
 */
export async function assertThroughSession(
  { devices }: Pick<PaymentDeps, 'devices'>,
  { actor, terminalId }: Caller,
  paying: string,
): Promise<void> {
  if (terminalId === paying) return;
  if (terminalId !== undefined || (await devices.hasSessionKeys(actor.tenant, paying))) {
    throw new CinnabarError('session_required');
  }
}

/**
 * Under which of the certificate's limits an order stands. What comes inside a terminal's session is
 * online banking; what comes by an access token alone is a program's direct call. Counters and apps
 * have no way in here, so nothing claims their limits.
 */
function channelOf({ terminalId }: Caller): Channel {
  return terminalId === undefined ? 'direct' : 'online';
}

/** One order leans on one verification, for ever. */
async function claimSeal({ riskRegister }: PaymentDeps, order: Order): Promise<void> {
  const { seal } = order.facts;
  if (!seal) return;
  const { tenant, id } = order;
  const isOurs = await riskRegister.claimSeal(tenant, seal.verificationId, id);
  if (!isOurs) throw sealRefused('used');
}

async function assessed(deps: PaymentDeps, caller: Caller, request: NewOrder): Promise<Order> {
  const { actor } = caller;
  const { tenant, id: payer } = actor;
  const { id, personalKeyId, terminalId } = request;
  const terms = spelled(request.terms);
  const channel = channelOf(caller);
  const key = await getPersonalKey(deps, actor, personalKeyId);
  const certificateSerial = key.certificateSerial ?? '';
  const device = await deps.devices.find(tenant, payer, terminalId);
  if (!device) throw new CinnabarError('terminal_not_found');
  const { facts, dualControl } = await factsOf(
    deps,
    actor,
    { ...request, terms, channel },
    certificateSerial,
    device,
  );
  const { version, policy } = await deps.riskRegister.policyInForce(tenant);
  const assessment = assessOrder(policy, facts);
  const judged = { facts, assessment, policyVersion: version, policyHash: policyHash(policy) };
  const assessmentHash = hashOf(assessmentRecord(judged));
  const head = { id, tenant, payer, certificateSerial, createdAtMs: facts.nowMs };
  const states = { allow: 'assessed', challenge: 'challenged', terminate: 'terminated' } as const;
  const state: OrderState = states[assessment.verdict];
  return {
    ...head,
    ...terms,
    channel,
    personalKeyId,
    terminalId,
    text: orderText({ ...head, assessmentHash }, terms),
    assessmentHash,
    state,
    ...judged,
    ...(dualControl ? { dualControl } : {}),
    ...(state === 'challenged' && policy.biometric !== 'none'
      ? { biometric: policy.biometric }
      : {}),
    ...(state === 'terminated'
      ? { endedAtMs: facts.nowMs, termination: { reason: 'risk', by: '' } as const }
      : {}),
  };
}

/** In the text, the list and the book an account has one spelling. */
function spelled(terms: OrderTerms): OrderTerms {
  const { payee } = terms;
  return { ...terms, payee: { ...payee, account: payeeAccount(payee.account) } };
}

/**
 * Stops an order, from any device, as long as it was not executed. Repeated it stays stopped.
 *
 * @throws CinnabarError `order_not_found`, `order_state` when it was executed, `audit_unavailable`
 */
export async function stopOrder(deps: PaymentDeps, caller: Caller, id: string): Promise<Order> {
  const { tenant, id: payer } = caller.actor;
  const order = await getOrder(deps, caller.actor, id);
  return audited(deps.audit, caller, auditOf('payment.stop', order), async () => {
    const stopped = await deps.books.terminate(
      tenant,
      payer,
      id,
      'stopped',
      payer,
      deps.clock.now(),
    );
    await deps.riskRegister.keep(stopped);
    return stopped;
  });
}

/** An order of the actor itself. @throws CinnabarError `order_not_found` */
export async function getOrder(deps: PaymentDeps, actor: Actor, id: string): Promise<Order> {
  const order = await deps.books.find(actor.tenant, actor.id, id, deps.clock.now());
  if (!order) throw new CinnabarError('order_not_found');
  return order;
}

export function listOrders(
  deps: PaymentDeps,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Order>> {
  return readPage(
    page,
    (order) => order.id,
    (request) => deps.books.list(actor.tenant, actor.id, request, deps.clock.now()),
  );
}

/**
 * Decides a challenged order, as a risk officer of the payer's institution.
 *
 * @throws CinnabarError `own_work` for an officer's own order, `biometric_demanded` when only a match
 * may allow it, `order_not_found`, `order_state`
 */
export async function decideChallenge(
  deps: PaymentDeps,
  caller: Caller,
  request: {
    readonly payer: string;
    readonly id: string;
    readonly decision: 'allow' | 'terminate';
  },
): Promise<Order> {
  const { tenant, id: by } = caller.actor;
  const { payer, id, decision } = request;
  const order = await deps.books.find(tenant, payer, id, deps.clock.now());
  if (!order) throw new CinnabarError('order_not_found');
  const operation = auditOf(`payment.challenge_${decision}`, order);
  const isDemanded = decision === 'allow' && order.biometric === 'demanded';
  if (payer === by || isDemanded) {
    await record(deps.audit, caller, operation, 'refused');
    throw new CinnabarError(payer === by ? 'own_work' : 'biometric_demanded');
  }
  return audited(deps.audit, caller, operation, async () => {
    // One that ended by itself in the meantime leaves the officers' list, whatever they decide.
    if (order.state === 'terminated') await deps.riskRegister.keep(order);
    const nowMs = deps.clock.now();
    const decided =
      decision === 'allow'
        ? await deps.books.clear(tenant, payer, id, { method: 'officer', by }, nowMs)
        : await deps.books.terminate(tenant, payer, id, 'officer', by, nowMs);
    await deps.riskRegister.keep(decided);
    return decided;
  });
}

export function auditOf(action: AuditAction, order: Order) {
  const { verdict, score } = order.assessment;
  return {
    action,
    subject: `payment:${order.id}`,
    detail: {
      verdict,
      score,
      policyVersion: order.policyVersion,
      assessmentHash: order.assessmentHash,
    },
  };
}
