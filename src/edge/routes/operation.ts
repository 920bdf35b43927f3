import { createRoute, z } from '@hono/zod-openapi';
import type { EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import type { Metrics } from '../metrics.ts';
import { livenessSchema, noticeSchema, readinessSchema } from '../schemas/operation.ts';
import { about, json, problems } from './contract.ts';

const tag = 'Operation';
const checkMsMax = 2000;

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  ...about('GET /healthz', {
    tag,
    operationId: 'getLiveness',
    summary: 'Whether the Worker runs',
    description: 'Asks nothing of any binding.',
  }),
  responses: { 200: json(livenessSchema, 'It runs.') },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  ...about('GET /readyz', {
    tag,
    operationId: 'getReadiness',
    summary: 'Whether everything it needs answers',
  }),
  responses: {
    ...problems('GET /readyz'),
    200: json(readinessSchema, 'All of it answers.'),
    503: json(readinessSchema, 'What is marked `failed` does not.'),
  },
});

const metricsRoute = createRoute({
  method: 'get',
  path: '/metrics',
  ...about('GET /metrics', {
    tag,
    operationId: 'getMetrics',
    summary: 'Counters in the Prometheus text format',
    description:
      'Requests, calls to chips and to parties of the federation, messages of the queues: of the one isolate that answers, since it started. And how far the ledger is.',
  }),
  responses: {
    ...problems('GET /metrics'),
    200: { description: 'The counters.', content: { 'text/plain': { schema: z.string() } } },
  },
});

const noticeRoute = createRoute({
  method: 'get',
  path: '/v1/notice',
  ...about('GET /v1/notice', {
    tag,
    operationId: 'getNotice',
    summary: "The operator's notice to everybody",
  }),
  responses: { 200: json(noticeSchema, 'The notice.'), ...problems('GET /v1/notice') },
});

export function addOperationRoutes(app: EdgeApp, deps: EdgeDeps, metrics: Metrics): void {
  app.openapi(healthRoute, (c) => c.json({ status: 'ok' as const }, 200));

  app.openapi(readyRoute, async (c) => {
    const checks = await runChecks(deps.checks);
    const isReady = Object.values(checks).every((result) => result === 'ok');
    return isReady
      ? c.json({ status: 'ready' as const, checks }, 200)
      : c.json({ status: 'unavailable' as const, checks }, 503);
  });

  app.openapi(metricsRoute, async (c) => {
    const lines = [...metrics.lines(), ...((await deps.meters?.()) ?? [])];
    const type = 'text/plain; version=0.0.4; charset=utf-8';
    return c.text(`${lines.join('\n')}\n`, 200, { 'content-type': type });
  });

  app.openapi(noticeRoute, async (c) => {
    const notice = await deps.notices.current();
    return c.json({ notice: notice ? { zh: notice.zh, en: notice.en } : null }, 200);
  });
}

async function runChecks(checks: EdgeDeps['checks']): Promise<Record<string, 'ok' | 'failed'>> {
  const results = Object.entries(checks).map(async ([name, check]) => {
    const answered = await withinTime(check()).then(
      () => 'ok' as const,
      () => 'failed' as const,
    );
    return [name, answered] as const;
  });
  return Object.fromEntries(await Promise.all(results));
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('check: no answer in time')), checkMsMax);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
