import { createRoute } from '@hono/zod-openapi';
import { describeAccount, listAccounts, openAccount } from '../../domain/seals/accounts.ts';
import { addCard, cardImage } from '../../domain/seals/cards.ts';
import { submitRevision } from '../../domain/seals/changes.ts';
import { prepareRebuild, prepareSeal } from '../../domain/seals/enrol.ts';
import { sealPicture } from '../../domain/seals/pictures.ts';
import { getSeal, listRevisions, listSeals } from '../../domain/seals/seals.ts';
import { vendorsOf } from '../../domain/seals/vendors.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import {
  accountDetailSchema,
  accountPageSchema,
  accountQuerySchema,
  accountSchema,
  cardSchema,
  newAccountSchema,
  newCardSchema,
  newSealSchema,
  rebuiltSealSchema,
  revisionsSchema,
  sealPageSchema,
  sealQuerySchema,
  sealSchema,
  vendorQuerySchema,
  vendorsSchema,
} from '../schemas/seals.ts';
import { about, created, formBody, json, jsonBody, picturePng, problems } from './contract.ts';
import { pageRequest, pictureOf, present } from './input.ts';
import { accountView, cardView, changeView, revisionResponses, sealView } from './seal-views.ts';

const tag = 'Seals';

const openAccountRoute = createRoute({
  method: 'post',
  path: '/v1/seals/accounts',
  ...about('POST /v1/seals/accounts', {
    tag,
    operationId: 'openAccount',
    summary: 'Open an account',
  }),
  request: { headers: idempotencyHeaderSchema, body: jsonBody(newAccountSchema) },
  responses: {
    201: created(accountSchema, 'The account.'),
    ...problems('POST /v1/seals/accounts', 'account_number_taken'),
  },
});

const listAccountsRoute = createRoute({
  method: 'get',
  path: '/v1/seals/accounts',
  ...about('GET /v1/seals/accounts', {
    tag,
    operationId: 'listAccounts',
    summary: 'List accounts, newest first',
  }),
  request: { query: accountQuerySchema },
  responses: {
    200: json(accountPageSchema, 'One page.'),
    ...problems('GET /v1/seals/accounts', 'invalid_request'),
  },
});

const getAccountRoute = createRoute({
  method: 'get',
  path: '/v1/seals/accounts/{id}',
  ...about('GET /v1/seals/accounts/{id}', {
    tag,
    operationId: 'getAccount',
    summary: 'Get an account with its newest cards and seals',
    description: 'At most 100 of each; `GET /v1/seals` pages through all seals of an account.',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(accountDetailSchema, 'The account.'),
    ...problems('GET /v1/seals/accounts/{id}', 'account_not_found'),
  },
});

const addCardRoute = createRoute({
  method: 'post',
  path: '/v1/seals/cards',
  ...about('POST /v1/seals/cards', {
    tag,
    operationId: 'addCard',
    summary: 'File a seal card',
    description: 'A picture of the card is stored encrypted.',
  }),
  request: { headers: idempotencyHeaderSchema, body: formBody(newCardSchema) },
  responses: {
    201: created(cardSchema, 'The card.'),
    ...problems(
      'POST /v1/seals/cards',
      'account_not_found',
      'card_number_taken',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'chips_unavailable',
    ),
  },
});

const cardImageRoute = createRoute({
  method: 'get',
  path: '/v1/seals/cards/{id}/image',
  ...about('GET /v1/seals/cards/{id}/image', {
    tag,
    operationId: 'getCardImage',
    summary: 'Get the picture of a seal card',
    description: 'The picture as it was uploaded. That it was seen goes on record.',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: {
      description: 'The picture.',
      content: { ...picturePng.content, 'image/jpeg': picturePng.content['image/png'] },
    },
    ...problems(
      'GET /v1/seals/cards/{id}/image',
      'card_not_found',
      'template_unreadable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const enrolRoute = createRoute({
  method: 'post',
  path: '/v1/seals',
  ...about('POST /v1/seals', {
    tag,
    operationId: 'enrolSeal',
    summary: 'Enrol a reserved imprint',
    description:
      'Every installed vendor makes its template; all are stored encrypted, or none. The picture itself is not kept.',
  }),
  request: { headers: idempotencyHeaderSchema, body: formBody(newSealSchema) },
  responses: {
    201: created(sealSchema, 'The seal.'),
    202: revisionResponses[202],
    ...problems(
      'POST /v1/seals',
      'card_not_found',
      'seal_card_inactive',
      'seal_serial_taken',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'imprint_not_found',
      'chips_unavailable',
    ),
  },
});

const rebuildRoute = createRoute({
  method: 'post',
  path: '/v1/seals/{id}/rebuild',
  ...about('POST /v1/seals/{id}/rebuild', {
    tag,
    operationId: 'rebuildSeal',
    summary: 'Replace the reserved imprint of a seal',
    description: 'What it replaces is kept as an earlier revision.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: formBody(rebuiltSealSchema),
  },
  responses: {
    ...revisionResponses,
    ...problems(
      'POST /v1/seals/{id}/rebuild',
      'seal_not_found',
      'seal_changed',
      'seal_not_active',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'imprint_not_found',
      'chips_unavailable',
    ),
  },
});

const listSealsRoute = createRoute({
  method: 'get',
  path: '/v1/seals',
  ...about('GET /v1/seals', {
    tag,
    operationId: 'listSeals',
    summary: 'List seals, newest first',
  }),
  request: { query: sealQuerySchema },
  responses: {
    200: json(sealPageSchema, 'One page.'),
    ...problems('GET /v1/seals', 'invalid_request'),
  },
});

const getSealRoute = createRoute({
  method: 'get',
  path: '/v1/seals/{id}',
  ...about('GET /v1/seals/{id}', { tag, operationId: 'getSeal', summary: 'Get a seal' }),
  request: { params: idParamsSchema },
  responses: {
    200: json(sealSchema, 'The seal in its current revision.'),
    ...problems('GET /v1/seals/{id}', 'seal_not_found'),
  },
});

const listRevisionsRoute = createRoute({
  method: 'get',
  path: '/v1/seals/{id}/revisions',
  ...about('GET /v1/seals/{id}/revisions', {
    tag,
    operationId: 'listRevisions',
    summary: 'List every revision of a seal',
  }),
  request: { params: idParamsSchema },
  responses: {
    200: json(revisionsSchema, 'The revisions.'),
    ...problems('GET /v1/seals/{id}/revisions', 'seal_not_found'),
  },
});

const sealPictureRoute = createRoute({
  method: 'get',
  path: '/v1/seals/{id}/picture',
  ...about('GET /v1/seals/{id}/picture', {
    tag,
    operationId: 'getSealPicture',
    summary: 'See the reserved imprint',
    description:
      'Restored from the template of `vendor`, or of the first vendor. That it was seen goes on record.',
  }),
  request: { params: idParamsSchema, query: vendorQuerySchema },
  responses: {
    200: picturePng,
    ...problems(
      'GET /v1/seals/{id}/picture',
      'seal_not_found',
      'vendor_not_found',
      'template_unreadable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const listVendorsRoute = createRoute({
  method: 'get',
  path: '/v1/seal-vendors',
  ...about('GET /v1/seal-vendors', {
    tag,
    operationId: 'listVendors',
    summary: 'List the installed vendors',
  }),
  responses: {
    200: json(vendorsSchema, 'The vendors.'),
    ...problems('GET /v1/seal-vendors'),
  },
});

export function addSealRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(openAccountRoute, async (c) => {
    const request = { id: c.get('operationId'), ...c.req.valid('json') };
    const account = await openAccount(deps, callerOf(c), request);
    c.header('location', `/v1/seals/accounts/${account.id}`);
    return c.json(accountView(account), 201);
  });

  app.openapi(listAccountsRoute, async (c) => {
    const { q, ...page } = c.req.valid('query');
    const filter = q === undefined || q === '' ? {} : { query: q };
    const found = await listAccounts(deps, actorOf(c), filter, pageRequest(page));
    return c.json({ ...found, items: found.items.map(accountView) }, 200);
  });

  app.openapi(getAccountRoute, async (c) => {
    const found = await describeAccount(deps, actorOf(c), c.req.valid('param').id);
    return c.json(
      {
        ...accountView(found.account),
        cards: found.cards.map(cardView),
        seals: found.seals.map(sealView),
      },
      200,
    );
  });

  app.openapi(addCardRoute, async (c) => {
    const { image, ...fields } = c.req.valid('form');
    const picture = image && (await pictureOf(image, undefined));
    const request = present({ id: c.get('operationId'), ...fields, image: picture });
    return c.json(cardView(await addCard(deps, callerOf(c), request)), 201);
  });

  app.openapi(cardImageRoute, async (c) => {
    const { bytes, mediaType } = await cardImage(deps, callerOf(c), c.req.valid('param').id);
    return c.body(new Uint8Array(bytes), 200, { 'content-type': mediaType });
  });

  app.openapi(enrolRoute, async (c) => {
    const { imprint, dpi, ...fields } = c.req.valid('form');
    const picture = await pictureOf(imprint, dpi);
    const request = { id: c.get('operationId'), ...fields, imprint: picture };
    const ids = { sealId: request.id, revisionId: request.id };
    const made = await submitRevision(deps, callerOf(c), ids, () =>
      prepareSeal(deps, callerOf(c), request),
    );
    if ('change' in made) return c.json(changeView(made.change), 202);
    c.header('location', `/v1/seals/${made.seal.id}`);
    return c.json(sealView(made.seal), 201);
  });

  app.openapi(rebuildRoute, async (c) => {
    const { imprint, dpi, ...fields } = c.req.valid('form');
    const request = present({
      ...fields,
      sealId: c.req.valid('param').id,
      revisionId: c.get('operationId'),
      imprint: await pictureOf(imprint, dpi),
    });
    const made = await submitRevision(deps, callerOf(c), request, () =>
      prepareRebuild(deps, callerOf(c), request),
    );
    if ('change' in made) return c.json(changeView(made.change), 202);
    return c.json(sealView(made.seal), 200);
  });

  app.openapi(listSealsRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listSeals(deps, actorOf(c), present(filter), page);
    return c.json({ ...found, items: found.items.map(sealView) }, 200);
  });

  app.openapi(getSealRoute, async (c) => {
    const seal = await getSeal(deps, actorOf(c), c.req.valid('param').id);
    return c.json(sealView(seal), 200);
  });

  app.openapi(listRevisionsRoute, async (c) => {
    const revisions = await listRevisions(deps, actorOf(c), c.req.valid('param').id);
    return c.json({ items: revisions.map(sealView) }, 200);
  });

  app.openapi(sealPictureRoute, async (c) => {
    const { vendor } = c.req.valid('query');
    const picture = await sealPicture(deps, callerOf(c), c.req.valid('param').id, vendor);
    return c.body(picture, 200, { 'content-type': 'image/png' });
  });

  app.openapi(listVendorsRoute, async (c) => {
    const vendors = await vendorsOf(deps, actorOf(c).tenant);
    return c.json(
      {
        vendors: vendors.map(({ vendor, state }) => ({
          code: vendor.code,
          name: vendor.name,
          version: vendor.version,
          state,
        })),
      },
      200,
    );
  });
}
