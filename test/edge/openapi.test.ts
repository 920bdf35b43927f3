import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { routeRules } from '../../src/edge/access.ts';
import { startEdge } from '../helpers/edge.ts';

interface Operation {
  operationId?: string;
  summary?: string;
  description?: string;
  tags?: string[];
  security?: object[];
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { description?: string; content?: object; headers?: object }>;
}

interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

const mediaTypes = {
  json: 'application/json',
  multipart: 'multipart/form-data',
  form: 'application/x-www-form-urlencoded',
  batch: 'multipart/form-data',
  ocsp: 'application/ocsp-request',
} as const;

describe('the OpenAPI document', () => {
  let document: Document;
  let operations: [string, Operation][];

  beforeAll(async () => {
    const edge = await startEdge();
    const response = await edge.call('/openapi.json', { as: null });
    document = (await response.json()) as Document;
    operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );
  });

  it('is 3.1 and is the one in docs/', () => {
    expect(document.openapi).toBe('3.1.0');
    const file = new URL('../../docs/openapi.json', import.meta.url);
    expect(document).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  it('has every route but those of the document itself', () => {
    const documented = operations.map(([key]) => key);
    const own = ['GET /openapi.json', 'GET /docs', 'GET /docs/init.js'];
    expect([...documented, ...own].sort()).toEqual(Object.keys(routeRules).sort());
  });

  it('says of each who may call it, what it takes and how it fails', () => {
    const ids = operations.map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(operations.length);
    for (const [key, operation] of operations) {
      const rule = routeRules[key];
      expect(operation.summary, key).toBeTruthy();
      expect(operation.tags, key).toHaveLength(1);
      expect(operation.security, key).toEqual(rule?.roles === 'anyone' ? [] : [{ bearer: [] }]);
      const statuses = Object.keys(operation.responses);
      if (key.includes(' /csc/')) {
        // The remote-signing standard has errors of its own, and fewer statuses.
        expect(statuses, key).toEqual(expect.arrayContaining(['400', '401', '403', '500', '503']));
        continue;
      }
      if (key.includes(' /v1/oauth/')) {
        expect(statuses, key).toEqual(expect.arrayContaining(['200', '400', '401', '429', '503']));
        continue;
      }
      if (rule?.roles !== 'anyone') {
        expect(statuses, key).toEqual(expect.arrayContaining(['401', '403', '429', '500']));
      }
      if (rule?.idempotent) {
        const names = operation.parameters?.map(({ name }) => name);
        expect(names, key).toContain('idempotency-key');
        expect(statuses, key).toEqual(expect.arrayContaining(['409', '422', '503']));
      }
      if (rule?.body) {
        const type = mediaTypes[rule.body];
        expect(statuses, key).toEqual(expect.arrayContaining(['413', '415']));
        expect(Object.keys(operation.requestBody?.content ?? {}), key).toEqual([type]);
      }
      for (const [status, { description, content, headers }] of Object.entries(
        operation.responses,
      )) {
        expect(description, `${key} ${status}`).toBeTruthy();
        if (Number(status) >= 400 && key !== 'GET /readyz') {
          expect(Object.keys(content ?? {}), `${key} ${status}`).toEqual([
            'application/problem+json',
          ]);
          if (status === '429' || status === '503') expect(headers).toHaveProperty('retry-after');
        }
      }
    }
  });

  it('refers to nothing that it does not hold', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g);
    let count = 0;
    for (const [, kind = '', name = ''] of references) {
      expect(document.components[kind]?.[name], `${kind} ${name}`).toBeDefined();
      count += 1;
    }
    expect(count).toBeGreaterThan(100);
  });

  it('S1: has no secret in an answer that is kept for who asks again with the same key', () => {
    const secrets = new Set(
      'secret pepper token accessToken refreshToken access_token refresh_token'.split(' '),
    );
    const found = operations.flatMap(([key, { responses }]) =>
      Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .flatMap(([, { content }]) => [...namesIn(content, document)])
        .filter((name) => secrets.has(name))
        .map((name) => ({ key, name, isKept: routeRules[key]?.idempotent === true })),
    );
    // All of them are answered somewhere, so the names are those of today.
    expect(new Set(found.map(({ name }) => name))).toEqual(secrets);
    expect(found.filter(({ isKept }) => isKept)).toEqual([]);
  });
});

/** Names of all fields that a schema, or what it refers to, may hold. */
function* namesIn(
  schema: unknown,
  document: Document,
  seen = new Set<string>(),
): Generator<string, void, undefined> {
  if (typeof schema !== 'object' || schema === null) return;
  const { $ref, properties } = schema as { $ref?: unknown; properties?: object };
  yield* Object.keys(properties ?? {});
  const name = typeof $ref === 'string' ? ($ref.split('/').at(-1) ?? '') : '';
  if (name !== '' && !seen.has(name)) {
    seen.add(name);
    yield* namesIn(document.components.schemas?.[name], document, seen);
  }
  for (const part of Object.values(schema)) yield* namesIn(part, document, seen);
}
