import { createRoute } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import {
  pictureDpi,
  verificationPicture,
  verificationPictures,
} from '../../domain/seals/pictures.ts';
import { getVerification, listVerifications } from '../../domain/seals/seals.ts';
import type * as rows from '../../domain/seals/types.ts';
import { verifyImprint } from '../../domain/seals/verify.ts';
import { verifyCard } from '../../domain/seals/verify-card.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import { vendorQuerySchema } from '../schemas/seals.ts';
import {
  cardVerificationSchema,
  newCardVerificationSchema,
  newVerificationSchema,
  picturePairSchema,
  pictureParamsSchema,
  type Verification,
  verificationPageSchema,
  verificationQuerySchema,
  verificationSchema,
} from '../schemas/verifications.ts';
import { about, created, formBody, json, picturePng, problems } from './contract.ts';
import { pageRequest, pictureOf, present } from './input.ts';
import { choiceView } from './policies.ts';

const tag = 'Seal verifications';

const verifyRoute = createRoute({
  method: 'post',
  path: '/v1/seal-verifications',
  ...about('POST /v1/seal-verifications', {
    tag,
    operationId: 'verifyImprint',
    summary: 'Verify a query imprint',
    description:
      'Every vendor that the policy draws must agree. A "no" is an answer, not an error: `match` is false and `nextStep` is `review`.',
  }),
  request: { headers: idempotencyHeaderSchema, body: formBody(newVerificationSchema) },
  responses: {
    201: created(verificationSchema, 'The verification with its verdict.'),
    ...problems(
      'POST /v1/seal-verifications',
      'seal_not_found',
      'seal_card_inactive',
      'seal_not_active',
      'vendor_not_found',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'imprint_not_found',
      'template_unreadable',
      'chips_unavailable',
    ),
  },
});

const cardRoute = createRoute({
  method: 'post',
  path: '/v1/seals/cards/{id}/verifications',
  ...about('POST /v1/seals/cards/{id}/verifications', {
    tag,
    operationId: 'verifyCard',
    summary: "Verify a paper that several of a card's seals answer for",
    description:
      "The seals named must complete one of the card's combinations, if it has any. Each imprint becomes a verification of its own; the paper passes when all of them do.",
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: formBody(newCardVerificationSchema),
  },
  responses: {
    200: json(cardVerificationSchema, 'What is said of each imprint and of the paper.'),
    ...problems(
      'POST /v1/seals/cards/{id}/verifications',
      'card_not_found',
      'combination_incomplete',
      'seal_card_inactive',
      'seal_not_active',
      'vendor_not_found',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'imprint_not_found',
      'template_unreadable',
      'chips_unavailable',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications',
  ...about('GET /v1/seal-verifications', {
    tag,
    operationId: 'listVerifications',
    summary: 'List verifications, newest first',
  }),
  request: { query: verificationQuerySchema },
  responses: {
    200: json(verificationPageSchema, 'One page.'),
    ...problems('GET /v1/seal-verifications', 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications/{id}',
  ...about('GET /v1/seal-verifications/{id}', {
    tag,
    operationId: 'getVerification',
    summary: 'Get a verification',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(verificationSchema, 'The verification.'),
    ...problems('GET /v1/seal-verifications/{id}', 'verification_not_found'),
  },
});

const picturesRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications/{id}/pictures',
  ...about('GET /v1/seal-verifications/{id}/pictures', {
    tag,
    operationId: 'getPicturePair',
    summary: 'Find both imprints of a verification',
    description:
      'As `vendor` saw them; without it, as the first vendor did that did not match, else as the first.',
  }),
  request: { params: idParamsSchema, query: vendorQuerySchema },
  responses: {
    200: json(picturePairSchema, 'Where the pictures are, and how they lie over each other.'),
    ...problems(
      'GET /v1/seal-verifications/{id}/pictures',
      'verification_not_found',
      'vendor_not_found',
      'template_unreadable',
      'chips_unavailable',
    ),
  },
});

const pictureRoute = createRoute({
  method: 'get',
  path: '/v1/seal-verifications/{id}/pictures/{which}',
  ...about('GET /v1/seal-verifications/{id}/pictures/{which}', {
    tag,
    operationId: 'getPicture',
    summary: 'See one imprint of a verification',
    description: 'Restored from the stored template. That it was seen goes on record.',
  }),
  request: { params: pictureParamsSchema, query: vendorQuerySchema },
  responses: {
    200: picturePng,
    ...problems(
      'GET /v1/seal-verifications/{id}/pictures/{which}',
      'verification_not_found',
      'vendor_not_found',
      'template_unreadable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

export function addVerificationRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(verifyRoute, async (c) => {
    const { imprint, dpi, sealId, currency, amountMinor, branch } = c.req.valid('form');
    const caller = callerOf(c);
    const verification = await verifyImprint(deps, caller, {
      id: c.get('operationId'),
      sealId,
      money: { currency, amountMinor },
      branch: branch ?? caller.actor.branch,
      imprint: await pictureOf(imprint, dpi),
    });
    c.header('location', `/v1/seal-verifications/${verification.id}`);
    return c.json(verificationView(verification), 201);
  });

  app.openapi(cardRoute, async (c) => {
    const { imprints, sealIds, dpi, currency, amountMinor, branch } = c.req.valid('form');
    const caller = callerOf(c);
    const files = [imprints].flat();
    const ids = [sealIds].flat();
    if (files.length !== ids.length) {
      const fields = [{ pointer: '/body/imprints', code: 'one_for_each_seal' }];
      throw new CinnabarError('invalid_request', { fields });
    }
    const pictures = await Promise.all(files.map((file) => pictureOf(file, dpi)));
    const { verifications, combination, ...rest } = await verifyCard(deps, caller, {
      id: c.get('operationId'),
      cardId: c.req.valid('param').id,
      money: { currency, amountMinor },
      branch: branch ?? caller.actor.branch,
      imprints: pictures.flatMap((picture, index) => {
        const sealId = ids[index];
        return sealId === undefined ? [] : [{ sealId, picture }];
      }),
    });
    return c.json(
      {
        ...rest,
        combination: [...combination],
        verifications: verifications.map(verificationView),
      },
      200,
    );
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listVerifications(deps, actorOf(c), present(filter), page);
    return c.json({ ...found, items: found.items.map(verificationView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const verification = await getVerification(deps, actorOf(c), c.req.valid('param').id);
    return c.json(verificationView(verification), 200);
  });

  app.openapi(picturesRoute, async (c) => {
    const { id } = c.req.valid('param');
    const pair = await verificationPictures(deps, actorOf(c), id, c.req.valid('query').vendor);
    const vendor = pair.result.vendor.code;
    const base = `/v1/seal-verifications/${id}/pictures`;
    const link = (which: 'reserved' | 'query') => ({
      href: `${base}/${which}?vendor=${vendor}`,
      widthPx: pair[which].width,
      heightPx: pair[which].height,
    });
    return c.json(
      {
        vendor,
        dpi: pictureDpi,
        reserved: link('reserved'),
        query: link('query'),
        transform: transformView(pair.result.transform),
        tiles: pair.tiles.map(({ x, y, half, score }) => ({ x, y, half, score })),
      },
      200,
    );
  });

  app.openapi(pictureRoute, async (c) => {
    const { id, which } = c.req.valid('param');
    const { vendor } = c.req.valid('query');
    const picture = await verificationPicture(deps, callerOf(c), id, which, vendor);
    return c.body(picture, 200, { 'content-type': 'image/png' });
  });
}

function verificationView(verification: rows.Verification): Verification {
  const { id, sealId, sealRevision, verdict, match, branch, elapsedMs, nextStep, requestedBy } =
    verification;
  return {
    id,
    sealId,
    sealRevision,
    verdict,
    match,
    ...verification.money,
    branch,
    policy: {
      ...choiceView(verification.policy),
      draw: {
        candidates: [...verification.policy.draw.candidates],
        bytesHex: verification.policy.draw.bytesHex,
      },
    },
    vendors: verification.vendors.map(({ vendor, score, threshold, match, transform }) => ({
      ...vendor,
      score,
      threshold,
      match,
      transform: transformView(transform),
    })),
    reasons: verification.reasons.map((reason) => ({ ...reason })),
    elapsedMs,
    nextStep,
    requestedBy,
    createdAt: instantText(verification.createdAtMs),
  };
}

function transformView([
  a,
  b,
  c,
  d,
  tx,
  ty,
]: rows.Transform): Verification['vendors'][number]['transform'] {
  return [a, b, c, d, tx, ty];
}
