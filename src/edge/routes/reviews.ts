import { createRoute } from '@hono/zod-openapi';
import { comparedTemplates } from '../../domain/seals/manual.ts';
import type * as rows from '../../domain/seals/reviews.ts';
import {
  claimNext,
  claimReview,
  countOpenReviews,
  decideReview,
  describeReview,
  listReviews,
  releaseReview,
  withdrawDecision,
} from '../../domain/seals/reviews.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import {
  claimedSchema,
  type Decision,
  decisionSchema,
  newDecisionSchema,
  type Review,
  reviewDetailSchema,
  reviewPageSchema,
  reviewQuerySchema,
  reviewSchema,
  verificationTemplatesSchema,
} from '../schemas/reviews.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest } from './input.ts';

const tag = 'Seal reviews';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/seal-reviews',
  ...about('GET /v1/seal-reviews', {
    tag,
    operationId: 'listReviews',
    summary: 'List what waits for a person, oldest first; or what was settled, newest first',
  }),
  request: { query: reviewQuerySchema },
  responses: {
    200: json(reviewPageSchema, 'One page.'),
    ...problems('GET /v1/seal-reviews', 'invalid_request'),
  },
});

const claimNextRoute = createRoute({
  method: 'post',
  path: '/v1/seal-reviews/claim',
  ...about('POST /v1/seal-reviews/claim', {
    tag,
    operationId: 'claimNextReview',
    summary: 'Take the oldest item that the caller may decide',
    description: 'For five minutes. Not what the caller asked for or decided before.',
  }),
  responses: {
    200: json(claimedSchema, 'The item; nothing when there is none.'),
    ...problems('POST /v1/seal-reviews/claim'),
  },
});

const claimRoute = createRoute({
  method: 'post',
  path: '/v1/seal-reviews/{id}/claim',
  ...about('POST /v1/seal-reviews/{id}/claim', {
    tag,
    operationId: 'claimReview',
    summary: 'Take this item, or prolong the lease on it',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(reviewSchema, 'The item.'),
    ...problems(
      'POST /v1/seal-reviews/{id}/claim',
      'review_not_found',
      'review_settled',
      'review_taken',
      'own_work',
      'work_contended',
    ),
  },
});

const releaseRoute = createRoute({
  method: 'post',
  path: '/v1/seal-reviews/{id}/release',
  ...about('POST /v1/seal-reviews/{id}/release', {
    tag,
    operationId: 'releaseReview',
    summary: 'Give an item back to the queue',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(reviewSchema, 'The item.'),
    ...problems('POST /v1/seal-reviews/{id}/release', 'review_not_found', 'work_contended'),
  },
});

const decideRoute = createRoute({
  method: 'post',
  path: '/v1/seal-verifications/{id}/decision',
  ...about('POST /v1/seal-verifications/{id}/decision', {
    tag,
    operationId: 'decideReview',
    summary: 'Decide about an imprint that the vendors did not pass',
    description:
      'For five seconds the decision can be taken back; then it is signed and stands. One "fail" settles it; a "pass" takes two people where the policy says so.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(newDecisionSchema),
  },
  responses: {
    201: json(decisionSchema, 'The decision, not yet final.'),
    ...problems(
      'POST /v1/seal-verifications/{id}/decision',
      'review_not_found',
      'review_settled',
      'review_taken',
      'own_work',
      'work_contended',
    ),
  },
});

const withdrawRoute = createRoute({
  method: 'delete',
  path: '/v1/seal-verifications/{id}/decision',
  ...about('DELETE /v1/seal-verifications/{id}/decision', {
    tag,
    operationId: 'withdrawDecision',
    summary: 'Take one’s own decision back while there is time',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(reviewSchema, 'The item, again before the caller.'),
    ...problems(
      'DELETE /v1/seal-verifications/{id}/decision',
      'review_not_found',
      'undo_too_late',
      'work_contended',
      'audit_unavailable',
    ),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications/{id}/review',
  ...about('GET /v1/seal-verifications/{id}/review', {
    tag,
    operationId: 'getReview',
    summary: 'Get the review of a verification with every decision on it',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(reviewDetailSchema, 'The review.'),
    ...problems('GET /v1/seal-verifications/{id}/review', 'review_not_found', 'chips_unavailable'),
  },
});

const templatesRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications/{id}/templates',
  ...about('GET /v1/seal-verifications/{id}/templates', {
    tag,
    operationId: 'getComparedTemplates',
    summary: 'Get the templates that were compared, to compare them again',
    description: 'Decrypted for a reviewer. That they were handed out goes on record.',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(verificationTemplatesSchema, 'One pair for each vendor that was drawn.'),
    ...problems(
      'GET /v1/seal-verifications/{id}/templates',
      'verification_not_found',
      'template_unreadable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

export function addReviewRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(listRoute, async (c) => {
    const { state, ...query } = c.req.valid('query');
    const actor = actorOf(c);
    const [found, open] = await Promise.all([
      listReviews(deps, actor, state, pageRequest(query)),
      countOpenReviews(deps, actor),
    ]);
    return c.json({ ...found, items: found.items.map(reviewView), open }, 200);
  });

  app.openapi(claimNextRoute, async (c) => {
    const review = await claimNext(deps, callerOf(c));
    return c.json(review ? { review: reviewView(review) } : {}, 200);
  });

  app.openapi(claimRoute, async (c) => {
    const review = await claimReview(deps, callerOf(c), c.req.valid('param').id);
    return c.json(reviewView(review), 200);
  });

  app.openapi(releaseRoute, async (c) => {
    const review = await releaseReview(deps, callerOf(c), c.req.valid('param').id);
    return c.json(reviewView(review), 200);
  });

  app.openapi(decideRoute, async (c) => {
    const verificationId = c.req.valid('param').id;
    const request = { id: c.get('operationId'), verificationId, ...c.req.valid('json') };
    return c.json(decisionView(await decideReview(deps, callerOf(c), request)), 201);
  });

  app.openapi(withdrawRoute, async (c) => {
    const review = await withdrawDecision(deps, callerOf(c), c.req.valid('param').id);
    return c.json(reviewView(review), 200);
  });

  app.openapi(templatesRoute, async (c) => {
    const found = await comparedTemplates(deps, callerOf(c), c.req.valid('param').id);
    const vendors = found.map(({ vendor, reserved, query }) => ({
      code: vendor.code,
      version: vendor.version,
      reserved: base64(reserved),
      query: base64(query),
    }));
    c.header('cache-control', 'no-store');
    return c.json({ vendors }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const found = await describeReview(deps, actorOf(c), c.req.valid('param').id);
    const decisions = found.decisions.map(decisionView);
    return c.json({ review: reviewView(found.review), decisions }, 200);
  });
}

function reviewView(review: rows.Review): Review {
  const { verificationId, sealId, verdict, branch, requestedBy, needsSecond, step } = review;
  return {
    verificationId,
    sealId,
    verdict,
    ...review.money,
    branch,
    requestedBy,
    queuedAt: instantText(review.queuedAtMs),
    needsSecond,
    step,
    holder: review.holder === '' ? null : review.holder,
    leaseEndsAt: instantOrNull(review.dueAtMs || undefined),
    reviewers: [...review.reviewers],
    outcome: review.outcome ?? null,
    settledAt: instantOrNull(review.settledAtMs),
  };
}

function decisionView(item: rows.Decision): Decision {
  const { id, state, decision, reason, note, reviewer, statement, signature } = item;
  return {
    id,
    state,
    decision,
    reason,
    note,
    reviewer,
    decidedAt: instantText(item.decidedAtMs),
    finalAt: instantText(item.finalAtMs),
    statement: statement ?? null,
    signature: signature ? { ...signature } : null,
    ledger: item.ledger ? { ...item.ledger } : null,
  };
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function instantOrNull(ms: number | undefined): string | null {
  return ms === undefined ? null : instantText(ms);
}
