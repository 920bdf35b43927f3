import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/edge/metrics.ts';
import {
  nameTrace,
  traced,
  traceIdNow,
  traceparentNow,
  withRequestTrace,
  withTrace,
} from '../../src/platform/tracing.ts';

interface SentSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  status: { code?: number };
}
interface Message {
  resourceSpans: [{ scopeSpans: [{ spans: SentSpan[] }] }];
}

const caller = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let collector: Server;
let url: string;
const messages: { headers: Record<string, unknown>; body: Message }[] = [];

beforeAll(async () => {
  collector = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    messages.push({ headers: request.headers, body: JSON.parse(text) });
    response.end('{}');
  });
  await new Promise<void>((ready) => collector.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});
afterAll(() => collector.close());

/** Runs `work` as a Worker runs a request, and answers the spans that the collector got. */
async function spansOf(
  work: () => Promise<unknown>,
  parent: string | undefined = undefined,
): Promise<SentSpan[]> {
  const sent: Promise<unknown>[] = [];
  const before = messages.length;
  const bindings = { OTLP_URL: url, OTLP_HEADER: 'x-key: 42' };
  const waitUntil = (promise: Promise<unknown>) => void sent.push(promise);
  const at = { service: 'test', name: 'root', parent, bindings, waitUntil };
  await withTrace(at, work).catch(() => undefined);
  await Promise.all(sent);
  return messages.slice(before).flatMap(({ body }) => body.resourceSpans[0].scopeSpans[0].spans);
}

describe('a trace', () => {
  it('goes on where the caller’s stands, and carries on to what is called', async () => {
    let carried: string | undefined;
    const spans = await spansOf(async () => {
      await traced('call', async () => {
        carried = traceparentNow();
      });
      nameTrace('GET /v1/seals', { 'http.route': '/v1/seals' });
    }, caller);
    const [root, call] = spans;
    expect(root).toMatchObject({
      name: 'GET /v1/seals',
      traceId: caller.slice(3, 35),
      parentSpanId: caller.slice(36, 52),
    });
    expect(call).toMatchObject({ name: 'call', parentSpanId: root?.spanId });
    expect(carried).toBe(`00-${root?.traceId}-${call?.spanId}-01`);
    expect(messages.at(-1)?.headers['x-key']).toBe('42');
  });

  it('begins anew where the caller sends none, or one that is none', async () => {
    for (const parent of [undefined, 'x', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`]) {
      const [root] = await spansOf(async () => undefined, parent);
      expect(root?.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(root?.parentSpanId).toBeUndefined();
    }
  });

  it('marks what failed, and two requests at once stay apart', async () => {
    const seen = new Set<string | undefined>();
    const failing = spansOf(() =>
      traced('call', async () => {
        seen.add(traceIdNow());
        throw new Error('no');
      }),
    );
    const other = spansOf(async () => {
      seen.add(traceIdNow());
    });
    const spans = [...(await failing), ...(await other)];
    expect(spans.some(({ name, status }) => name === 'call' && status.code === 2)).toBe(true);
    expect(seen.size).toBe(2);
  });

  it('sends nothing that the caller does not want sampled, and fails with no collector', async () => {
    expect(await spansOf(async () => undefined, caller.replace(/01$/, '00'))).toEqual([]);
    const sent: Promise<unknown>[] = [];
    const context = { waitUntil: (promise: Promise<unknown>) => void sent.push(promise) };
    const env = { OTLP_URL: 'http://127.0.0.1:1' };
    const request = new Request('http://localhost/');
    expect(await withRequestTrace('test', { request, env, context }, async () => 7)).toBe(7);
    await Promise.all(sent);
    expect(traceparentNow()).toBeUndefined();
  });
});

it('the dashboard asks for metrics that the service gives', async () => {
  const metrics = createMetrics();
  metrics.count({ method: 'GET', route: '/v1/seals', status: 200, ms: 3 });
  const given = metrics.text();
  const board = await readFile(
    new URL('../../docs/grafana-dashboard.json', import.meta.url),
    'utf8',
  );
  const asked = new Set(board.match(/cinnabar_\w+/g));
  expect(asked.size).toBeGreaterThan(1);
  for (const name of asked) expect(given).toContain(name);
});
