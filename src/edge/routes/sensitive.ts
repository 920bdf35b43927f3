import { createRoute } from '@hono/zod-openapi';
import { splitBody, splitJson, tagText } from '../../domain/tokens/extract.ts';
import type { EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { extractRequestSchema, extractSchema } from '../schemas/business.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { plainJson } from './input.ts';

const path = '/v1/sensitive/extract';

const extractRoute = createRoute({
  method: 'post',
  path,
  ...about(`POST ${path}`, {
    tag: 'Sensitive fields',
    operationId: 'extractSensitive',
    summary: 'Find what is sensitive in a text, a JSON value or a body',
    description:
      'Answers with places and labels and repeats nothing of what was sent; nothing is kept. The same runs in the browser and in `cinnabar/tagger`, where nothing needs to be sent at all.',
  }),
  request: { body: jsonBody(extractRequestSchema) },
  responses: {
    200: json(extractSchema, 'Where it is.'),
    ...problems(`POST ${path}`),
  },
});

export function addSensitiveRoutes(app: EdgeApp, deps: Pick<EdgeDeps, 'sensitive'>): void {
  app.openapi(extractRoute, async (c) => {
    const { text, json: value, body, point } = c.req.valid('json');
    if (text !== undefined) return c.json(plainJson(await tagText(deps, text, point)), 200);
    const split = body === undefined ? splitJson(deps, value, point) : splitBody(deps, body, point);
    return c.json(plainJson(await split), 200);
  });
}
