import { createRoute, z } from '@hono/zod-openapi';
import {
  agreeToOrder,
  ordersToAgree,
  standingAgreements,
} from '../../domain/payments/agreement.ts';
import { evidenceOf, type ToldReason, toldReasons } from '../../domain/payments/assessment.ts';
import { looksMax, orderEndsAtMs } from '../../domain/payments/book.ts';
import { askForGesture, confirmOrder, executeOrder } from '../../domain/payments/confirm.ts';
import { getOrder, listOrders, placeOrder, stopOrder } from '../../domain/payments/order.ts';
import { statementCsv, statementOf } from '../../domain/payments/statement.ts';
import { orderWords } from '../../domain/payments/text.ts';
import type { Order, PaymentReceipt } from '../../domain/payments/types.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, bindingsOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  confirmationSchema,
  confirmedSchema,
  executionSchema,
  newPaymentSchema,
  type Payment,
  paymentPageSchema,
  paymentSchema,
  statementQuerySchema,
  statementSchema,
} from '../schemas/payments.ts';
import { passkeyOptionsSchema } from '../schemas/tokens.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';
import { assertionOf, optionsView, relyingParty } from './passkeys.ts';
import { bytesOf } from './personal-keys.ts';

const tag = 'Payments';
const base = '/v1/payments';
const one = `${base}/{id}`;
const params = idParamsSchema;
const headers = idempotencyHeaderSchema;
const answer = { 200: json(paymentSchema, 'The order.') };
const orderProblems = ['order_not_found', 'order_state', 'audit_unavailable'] as const;

const placeRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'placePayment',
    summary: 'Place an order, and have its risk assessed',
    description:
      'An order that the risk engine terminates is an answer like the others: it carries its reasons, and no key moves for it.',
  }),
  request: { headers, body: jsonBody(newPaymentSchema) },
  responses: {
    201: created(paymentSchema, 'The order, with the text to show and to sign.'),
    ...problems(
      `POST ${base}`,
      'terminal_not_found',
      'personal_key_not_found',
      'seal_verification_refused',
      'rows_contended',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, { tag, operationId: 'listPayments', summary: 'List own orders' }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(paymentPageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, { tag, operationId: 'getPayment', summary: 'Get an own order' }),
  request: { params },
  responses: { ...answer, ...problems(`GET ${one}`, 'order_not_found') },
});

const challengeRoute = createRoute({
  method: 'post',
  path: `${one}/challenge`,
  ...about(`POST ${one}/challenge`, {
    tag,
    operationId: 'challengePasskey',
    summary: 'Ask the passkey of the device about an order',
    description: 'The challenge is bound to the text of the order, and is answered once.',
  }),
  request: { params },
  responses: {
    200: json(passkeyOptionsSchema, 'What the authenticator is asked.'),
    ...problems(
      `POST ${one}/challenge`,
      'order_not_found',
      'terminal_not_found',
      'passkey_not_found',
    ),
  },
});

const confirmRoute = createRoute({
  method: 'post',
  path: `${one}/confirm`,
  ...about(`POST ${one}/confirm`, {
    tag,
    operationId: 'confirmPayment',
    summary: "Set the amount aside, and get the cloud's half of the signature",
    description:
      'The chip signs the stored text of the order, whatever the terminal showed. The same `requestId` gets the same answer.',
  }),
  request: { params, body: jsonBody(confirmationSchema) },
  responses: {
    200: json(confirmedSchema, 'The order, and the reply of `gm.twoParty.sign`.'),
    ...problems(
      `POST ${one}/confirm`,
      ...orderProblems,
      'order_expired',
      'order_over_limit',
      'terminal_not_found',
      'passkey_refused',
      'second_person_needed',
      'payee_changed',
      'certificate_not_active',
      'personal_key_busy',
      'personal_key_locked',
      'personal_key_state',
      'share_epoch_unknown',
      'key_request_reused',
      'protocol_failed',
      'chips_unavailable',
    ),
  },
});

const executeRoute = createRoute({
  method: 'post',
  path: `${one}/execute`,
  ...about(`POST ${one}/execute`, {
    tag,
    operationId: 'executePayment',
    summary: 'Execute a confirmed order for the whole signature',
    description: 'Once, however often it is called; the receipt is anchored in the ledger.',
  }),
  request: { params, body: jsonBody(executionSchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${one}/execute`,
      ...orderProblems,
      'order_expired',
      'signature_invalid',
      'ledger_unavailable',
      'rows_contended',
    ),
  },
});

const stopRoute = createRoute({
  method: 'post',
  path: `${one}/stop`,
  ...about(`POST ${one}/stop`, {
    tag,
    operationId: 'stopPayment',
    summary: 'Stop an order that was not executed, from any device',
  }),
  request: { params },
  responses: { ...answer, ...problems(`POST ${one}/stop`, ...orderProblems, 'rows_contended') },
});

const agreeRoute = createRoute({
  method: 'post',
  path: `${one}/agree`,
  ...about(`POST ${one}/agree`, {
    tag,
    operationId: 'agreeToPayment',
    summary: "Agree to an order of somebody else in one's organisation",
    description:
      "Above `dualControlAbove` of the payer's certificate an order is confirmed only once others agreed whose certificates name the same organisation and let them check.",
  }),
  request: { params },
  responses: {
    ...answer,
    ...problems(`POST ${one}/agree`, ...orderProblems, 'own_work', 'rows_contended'),
  },
});

const agreementsRoute = createRoute({
  method: 'get',
  path: '/v1/payment-agreements',
  ...about('GET /v1/payment-agreements', {
    tag,
    operationId: 'listPaymentAgreements',
    summary: "List orders of one's organisation that wait for the caller to agree",
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(paymentPageSchema, 'One page; it may be short.'),
    ...problems('GET /v1/payment-agreements', 'invalid_request'),
  },
});

const statementRoute = createRoute({
  method: 'get',
  path: '/v1/payment-statement',
  ...about('GET /v1/payment-statement', {
    tag,
    operationId: 'getPaymentStatement',
    summary: 'Own executed orders of a period',
  }),
  request: { query: statementQuerySchema },
  responses: {
    200: {
      description: 'The orders, newest first.',
      content: {
        'application/json': { schema: statementSchema },
        'text/csv': { schema: z.string() },
      },
    },
    ...problems('GET /v1/payment-statement', 'invalid_request'),
  },
});

export function addPaymentRoutes(app: EdgeApp, deps: EdgeDeps): void {
  const view = (order: Order) => payerView(deps, order);
  app.openapi(placeRoute, async (c) => {
    const { terminalId, sealVerificationId, ...terms } = c.req.valid('json');
    const id = c.get('operationId');
    const known = present({ place: bindingsOf(c).place, sealVerificationId });
    const request = { id, terms, personalKeyId: terminalId, terminalId, ...known };
    const order = await placeOrder(deps, callerOf(c), request);
    c.header('location', `${base}/${order.id}`);
    return c.json(await view(order), 201);
  });

  app.openapi(listRoute, async (c) => {
    const page = await listOrders(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: await Promise.all(page.items.map(view)) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await view(await getOrder(deps, actorOf(c), id)), 200);
  });

  app.openapi(challengeRoute, async (c) => {
    const { id } = c.req.valid('param');
    const asked = await askForGesture(deps, actorOf(c), relyingParty(c, deps), id);
    return c.json(optionsView(asked), 200);
  });

  app.openapi(confirmRoute, async (c) => {
    const { message, gesture, ...fields } = c.req.valid('json');
    const { id } = c.req.valid('param');
    const confirmation = {
      id,
      ...fields,
      message: bytesOf(message, 'message'),
      ...present({ gesture: gesture && gestureOf(c, deps, gesture) }),
    };
    const { order, reply } = await confirmOrder(deps, callerOf(c), confirmation);
    return c.json({ payment: await view(order), reply: base64urlText(reply) }, 200);
  });

  app.openapi(executeRoute, async (c) => {
    const { id } = c.req.valid('param');
    const signature = bytesOf(c.req.valid('json').signature, 'signature');
    return c.json(await view(await executeOrder(deps, callerOf(c), { id, signature })), 200);
  });

  app.openapi(stopRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await view(await stopOrder(deps, callerOf(c), id)), 200);
  });

  app.openapi(agreeRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await view(await agreeToOrder(deps, callerOf(c), id)), 200);
  });

  app.openapi(agreementsRoute, async (c) => {
    const page = await ordersToAgree(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: await Promise.all(page.items.map(view)) }, 200);
  });

  app.openapi(statementRoute, async (c) => {
    const { from, to, format = 'json' } = c.req.valid('query');
    const dayMs = 24 * 60 * 60 * 1000;
    const offsetMs = deps.utcOffsetMinutes * 60_000;
    const period = {
      fromMs: Date.parse(from) - offsetMs,
      toMs: Date.parse(to) + dayMs - offsetMs,
    };
    const orders = await statementOf(deps, actorOf(c), period);
    if (format === 'json')
      return c.json({ from, to, items: await Promise.all(orders.map(view)) }, 200);
    c.header('content-disposition', `attachment; filename="payments-${from}-${to}.csv"`);
    return c.body(statementCsv(orders), 200, { 'content-type': 'text/csv; charset=utf-8' });
  });
}

function gestureOf(
  c: EdgeContext,
  deps: EdgeDeps,
  { challengeId, response }: { readonly challengeId: string; readonly response: object },
) {
  return {
    rp: relyingParty(c, deps),
    answer: { id: challengeId, response: assertionOf(response) },
  };
}

/** An order as its payer, and whoever is asked to agree to it, sees it. */
export function payerView(deps: ViewDeps, order: Order): Promise<Payment> {
  return paymentView(deps, order, toldReasons(order.assessment.reasons));
}

/** An order as the risk officers of the institution see it, with every rule by its name. */
export function officerView(deps: ViewDeps, order: Order): Promise<Payment> {
  return paymentView(deps, order, order.assessment.reasons);
}

type ViewDeps = Parameters<typeof standingAgreements>[0];

async function paymentView(
  deps: ViewDeps,
  order: Order,
  reasons: readonly ToldReason[],
): Promise<Payment> {
  const { id, payer, state, payee, amountMinor, currency, purpose, channel, endedAtMs } = order;
  const { terminalId, certificateSerial, text, policyVersion, policyHash, receipt } = order;
  const { verdict, score } = order.assessment;
  const endsAtMs = orderEndsAtMs(order);
  return {
    id,
    payer,
    state,
    payee: { ...payee },
    amountMinor,
    currency,
    purpose,
    channel,
    terminalId,
    certificateSerial,
    text,
    words: { ...orderWords(order) },
    assessment: { verdict, score, reasons: reasons.map((reason) => ({ ...reason })) },
    assessmentHash: order.assessmentHash,
    evidence: evidenceOf(order.facts),
    policyVersion,
    policyHash,
    createdAt: instantText(order.createdAtMs),
    endsAt: endsAtMs === undefined ? null : instantText(endsAtMs),
    ...present({
      endedAt: endedAtMs === undefined ? undefined : instantText(endedAtMs),
      biometric: order.biometric,
      looksLeft: order.biometric && looksMax - (order.looks ?? 0),
      cleared: order.cleared && { ...order.cleared },
      dualControl: order.dualControl && (await dualControlView(deps, order, order.dualControl)),
      termination: order.termination && { ...order.termination },
      receipt: receipt && receiptView(receipt),
    }),
  };
}

/** While an order can be confirmed, an agreement counts as long as the certificate behind it does. */
async function dualControlView(
  deps: ViewDeps,
  order: Order,
  { agreed, ...needs }: NonNullable<Order['dualControl']>,
) {
  const isOpen = order.state === 'challenged' || order.state === 'assessed';
  const standing = isOpen ? await standingAgreements(deps, order) : agreed;
  return { ...needs, agreed: agreed.map((one) => ({ ...one, stands: standing.includes(one) })) };
}

function receiptView({ place, executedAtMs, chipReceipt, ...receipt }: PaymentReceipt) {
  return {
    ...receipt,
    chipReceipt: { ...chipReceipt },
    chipAsked: { ...receipt.chipAsked },
    assessment: { ...receipt.assessment },
    cleared: receipt.cleared && { ...receipt.cleared },
    agreed: receipt.agreed.map((one) => ({ ...one })),
    executedAt: instantText(executedAtMs),
    ledgerIndex: place?.index ?? null,
  };
}
