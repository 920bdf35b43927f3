import { createRoute } from '@hono/zod-openapi';
import { changeCard } from '../../domain/seals/cards.ts';
import { decideSealChange, listSealChanges, submitRevision } from '../../domain/seals/changes.ts';
import { prepareAddition, prepareStatus } from '../../domain/seals/enrol.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import { approvalSchema } from '../schemas/policies.ts';
import {
  addedImprintSchema,
  cardChangeSchema,
  sealChangePageSchema,
  sealChangeQuerySchema,
  sealChangeSchema,
  sealStatusSchema,
} from '../schemas/seal-changes.ts';
import { cardSchema } from '../schemas/seals.ts';
import { about, formBody, json, jsonBody, problems } from './contract.ts';
import { pageRequest, pictureOf, present } from './input.ts';
import { cardView, changeView, revisionResponses, sealView } from './seal-views.ts';

const tag = 'Seals';

const addImprintRoute = createRoute({
  method: 'post',
  path: '/v1/seals/{id}/imprints',
  ...about('POST /v1/seals/{id}/imprints', {
    tag,
    operationId: 'addImprint',
    summary: 'Add a further reserved imprint of the same seal',
    description: 'A query then matches when it matches one of them. At most five.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: formBody(addedImprintSchema),
  },
  responses: {
    ...revisionResponses,
    ...problems(
      'POST /v1/seals/{id}/imprints',
      'seal_not_found',
      'seal_changed',
      'seal_not_active',
      'seal_imprints_full',
      'picture_unsupported',
      'picture_too_large',
      'picture_corrupt',
      'imprint_not_found',
      'template_unreadable',
      'chips_unavailable',
    ),
  },
});

const statusRoute = createRoute({
  method: 'post',
  path: '/v1/seals/{id}/status',
  ...about('POST /v1/seals/{id}/status', {
    tag,
    operationId: 'setSealStatus',
    summary: 'Suspend, reactivate or close a seal',
    description: 'A closed seal stays closed.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(sealStatusSchema),
  },
  responses: {
    ...revisionResponses,
    ...problems('POST /v1/seals/{id}/status', 'seal_not_found', 'seal_changed', 'seal_not_active'),
  },
});

const changeCardRoute = createRoute({
  method: 'patch',
  path: '/v1/seals/cards/{id}',
  ...about('PATCH /v1/seals/cards/{id}', {
    tag,
    operationId: 'changeCard',
    summary: 'Change dates, status or combinations of a seal card',
    description: 'A closed card stays closed.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(cardChangeSchema),
  },
  responses: {
    200: json(cardSchema, 'The card.'),
    ...problems(
      'PATCH /v1/seals/cards/{id}',
      'card_not_found',
      'card_changed',
      'seal_card_inactive',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/seal-changes',
  ...about('GET /v1/seal-changes', {
    tag,
    operationId: 'listSealChanges',
    summary: 'List changes of seals that waited or wait for a second person, newest first',
  }),
  request: { query: sealChangeQuerySchema },
  responses: {
    200: json(sealChangePageSchema, 'One page.'),
    ...problems('GET /v1/seal-changes', 'invalid_request'),
  },
});

const decideRoute = createRoute({
  method: 'post',
  path: '/v1/seal-changes/{id}/decision',
  ...about('POST /v1/seal-changes/{id}/decision', {
    tag,
    operationId: 'decideSealChange',
    summary: 'Approve or reject a change of a seal',
    description: 'Not by the person who proposed it. An approved one is stored at once.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(approvalSchema),
  },
  responses: {
    200: json(sealChangeSchema, 'The change as decided.'),
    ...problems(
      'POST /v1/seal-changes/{id}/decision',
      'seal_change_not_found',
      'seal_changed',
      'seal_serial_taken',
      'own_work',
      'work_contended',
    ),
  },
});

export function addSealChangeRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(addImprintRoute, async (c) => {
    const { imprint, dpi, revision } = c.req.valid('form');
    const ids = { sealId: c.req.valid('param').id, revisionId: c.get('operationId') };
    const picture = await pictureOf(imprint, dpi);
    const request = { ...ids, revision, imprint: picture };
    const made = await submitRevision(deps, callerOf(c), ids, () =>
      prepareAddition(deps, callerOf(c), request),
    );
    if ('change' in made) return c.json(changeView(made.change), 202);
    return c.json(sealView(made.seal), 200);
  });

  app.openapi(statusRoute, async (c) => {
    const ids = { sealId: c.req.valid('param').id, revisionId: c.get('operationId') };
    const request = { ...ids, ...c.req.valid('json') };
    const made = await submitRevision(deps, callerOf(c), ids, () =>
      prepareStatus(deps, callerOf(c), request),
    );
    if ('change' in made) return c.json(changeView(made.change), 202);
    return c.json(sealView(made.seal), 200);
  });

  app.openapi(changeCardRoute, async (c) => {
    const request = present({ cardId: c.req.valid('param').id, ...c.req.valid('json') });
    return c.json(cardView(await changeCard(deps, callerOf(c), request)), 200);
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listSealChanges(deps, actorOf(c), present(filter), page);
    return c.json({ ...found, items: found.items.map(changeView) }, 200);
  });

  app.openapi(decideRoute, async (c) => {
    const request = { id: c.req.valid('param').id, ...c.req.valid('json') };
    return c.json(changeView(await decideSealChange(deps, callerOf(c), request)), 200);
  });
}
