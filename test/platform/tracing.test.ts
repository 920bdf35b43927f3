import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CinnabarError } from '../../src/domain/errors.ts';
import { createMetrics } from '../../src/edge/metrics.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import {
  countMessages,
  countReturned,
  metered,
  meterLines,
  retriesMax,
} from '../../src/platform/meters.ts';
import {
  nameTrace,
  traced,
  traceIdNow,
  traceparentNow,
  withRequestTrace,
  withTrace,
} from '../../src/platform/tracing.ts';
import { frozenEvent } from '../contract/ledger.ts';
import { tickingClock } from '../helpers/time-and-chance.ts';

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

/** A ledger with one entry, and whom to believe of it. */
async function ledgerOfOne() {
  const ledger = memoryLedger(tickingClock());
  await ledger.append(frozenEvent('cert/one'), { requestId: 'request-1' });
  return { ledger, ledgerTrust: () => ledger.trust() };
}

describe('/metrics', () => {
  it('the dashboard asks for metrics that the service gives', async () => {
    const metrics = createMetrics();
    metrics.count({ method: 'GET', route: '/v1/seals', status: 200, ms: 3 });
    await metered('board', 'call', async () => 1);
    const given = [...metrics.lines(), ...(await meterLines(await ledgerOfOne()))].join('\n');
    const board = await readFile(
      new URL('../../docs/grafana-dashboard.json', import.meta.url),
      'utf8',
    );
    const asked = new Set(board.match(/cinnabar_\w+/g));
    expect(asked.size).toBeGreaterThan(5);
    for (const name of asked) expect(given).toContain(name);
    expect(given).toMatch(/^cinnabar_ledger_entries 1$/m);
    expect(given).toMatch(/^cinnabar_ledger_checkpoint_timestamp_seconds \d{9,}$/m);
  });

  it('tells of calls how they ended, and of messages what became of them', async () => {
    const silent = () => Promise.reject(new DOMException('late', 'TimeoutError'));
    const busy = () => Promise.reject(new CinnabarError('chips_busy'));
    await metered('test', 'call', async () => 1);
    await metered('test', 'call', silent).catch(() => undefined);
    await metered('test', 'call', busy).catch(() => undefined);
    countMessages('cleanup', 'sent', 3);
    countMessages('cleanup', 'send_failed');
    for (const attempts of [1, retriesMax.cleanup, retriesMax.cleanup + 1]) {
      countReturned('cleanup', attempts);
    }

    const nobody = () => Promise.reject(new CinnabarError('ledger_unavailable'));
    const given = await meterLines({ ledger: { checkpoint: nobody }, ledgerTrust: nobody });
    const name = 'cinnabar_isolate_call_duration_seconds_count';
    for (const outcome of ['ok', 'late', 'chips_busy']) {
      expect(given).toContain(`${name}{to="test",call="call",outcome="${outcome}"} 1`);
    }
    for (const [outcome, count] of [
      ['sent', 3],
      ['send_failed', 1],
      ['again', 2],
      ['dead', 1],
    ]) {
      const labels = `{queue="cleanup",outcome="${outcome}"}`;
      expect(given).toContain(`cinnabar_isolate_queue_messages_total${labels} ${count}`);
    }
    expect(given.join('\n')).not.toContain('cinnabar_ledger_entries');
  });

  it('counts as dead what the queues of wrangler.toml give up', async () => {
    const text = await readFile(new URL('../../wrangler.toml', import.meta.url), 'utf8');
    const retries = [...text.matchAll(/^max_retries = (\d+)$/gm)].map(([, count]) => Number(count));
    const both = [retriesMax.cleanup, retriesMax['seal-work']];
    expect(retries).toEqual([...both, ...both, ...both]);
  });
});
