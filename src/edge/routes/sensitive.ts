import { createRoute } from '@hono/zod-openapi';
import { splitJson, tagText } from '../../domain/tokens/extract.ts';
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
    summary: 'Find what is sensitive in a text or a JSON value',
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
    const { text, json: value, point } = c.req.valid('json');
    const found =
      text === undefined
        ? await splitJson(deps, value, point)
        : { spans: await tagText(deps, text, point) };
    return c.json(plainJson(found), 200);
  });
}
