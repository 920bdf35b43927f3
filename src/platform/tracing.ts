import { AsyncLocalStorage } from 'node:async_hooks';
import { bytesToHex } from '@noble/hashes/utils.js';
import { systemRandom } from './system.ts';

// Traces by the W3C Trace Context (level 1) and, where an address is given, spans to it by OTLP
// over HTTP in JSON. Names and codes only: no value of a caller stands in a span.

type Value = string | number;

interface Span {
  readonly spanId: string;
  readonly parentId: string | undefined;
  name: string;
  readonly kind: 'server' | 'client';
  readonly startMs: number;
  endMs: number;
  failed: boolean;
  readonly attributes: Record<string, Value>;
}

interface Trace {
  readonly traceId: string;
  readonly sampled: boolean;
  readonly spans: Span[];
  readonly root: Span;
}

interface Here {
  readonly trace: Trace;
  readonly span: Span;
}

/** Where spans go; `docs/operations.md` describes the bindings. */
export interface TracingBindings {
  /** Of an OpenTelemetry collector, without `/v1/traces`. Absent: nothing is sent. */
  readonly OTLP_URL?: string;
  /** A header for the collector, as `name: value`. */
  readonly OTLP_HEADER?: string;
}

/** Spans of one request that are kept; a loop must not grow the message without end. */
const spansMax = 200;
const here = new AsyncLocalStorage<Here>();

/** `00-<trace id>-<span id>-<flags>`; a trace or span of zeros is none (Trace Context, 3.2.2). */
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

function hexId(bytes: number): string {
  return bytesToHex(systemRandom.bytes(bytes));
}

function newSpan(name: string, kind: Span['kind'], parentId: string | undefined): Span {
  const startMs = Date.now();
  const attributes = {};
  return {
    spanId: hexId(8),
    parentId,
    name,
    kind,
    startMs,
    endMs: startMs,
    failed: false,
    attributes,
  };
}

/** What a call to another Worker carries on; undefined outside a request. */
export function traceparentNow(): string | undefined {
  const now = here.getStore();
  if (!now) return undefined;
  return `00-${now.trace.traceId}-${now.span.spanId}-${now.trace.sampled ? '01' : '00'}`;
}

/** For the log: what ties a line to its trace. */
export function traceIdNow(): string | undefined {
  return here.getStore()?.trace.traceId;
}

/** Says of the request under way what it was: route and outcome, once they are known. */
export function nameTrace(name: string, attributes: Record<string, Value>, failed = false): void {
  const root = here.getStore()?.trace.root;
  if (!root) return;
  root.name = name;
  root.failed ||= failed;
  Object.assign(root.attributes, attributes);
}

async function timed<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    span.failed = true;
    throw error;
  } finally {
    span.endMs = Date.now();
  }
}

/** A call out of the request, as a span of its own; outside a request just the call. */
export function traced<T>(name: string, work: () => Promise<T>): Promise<T> {
  const now = here.getStore();
  if (!now || now.trace.spans.length >= spansMax) return work();
  const span = newSpan(name, 'client', now.span.spanId);
  now.trace.spans.push(span);
  return here.run({ trace: now.trace, span }, () => timed(span, work));
}

/**
 * Runs what a Worker does for one request or call, within the caller's trace where there is one,
 * and sends the spans afterwards. A collector that does not answer loses spans, never a request.
 */
export async function withTrace<T>(
  at: {
    readonly service: string;
    readonly name: string;
    readonly parent: string | null | undefined;
    readonly bindings: TracingBindings;
    readonly waitUntil: (promise: Promise<unknown>) => void;
  },
  work: () => Promise<T>,
): Promise<T> {
  const [, traceId, parentId, flags] = traceparent.exec(at.parent ?? '') ?? [];
  const root = newSpan(at.name, 'server', parentId);
  const sampled = flags === undefined || (Number.parseInt(flags, 16) & 1) === 1;
  const trace: Trace = { traceId: traceId ?? hexId(16), sampled, spans: [root], root };
  try {
    return await here.run({ trace, span: root }, () => timed(root, work));
  } finally {
    if (sampled && at.bindings.OTLP_URL) at.waitUntil(send(at.service, trace, at.bindings));
  }
}

/** The same for an HTTP request: its parent is in its header. */
export function withRequestTrace<T>(
  service: string,
  at: {
    readonly request: Request;
    readonly env: TracingBindings;
    readonly context: { waitUntil(promise: Promise<unknown>): void };
  },
  work: () => Promise<T>,
): Promise<T> {
  const { request, env, context } = at;
  const parent = request.headers.get('traceparent');
  const name = `${request.method} ${service}`;
  const waitUntil = (promise: Promise<unknown>) => context.waitUntil(promise);
  return withTrace({ service, name, parent, bindings: env, waitUntil }, work);
}

async function send(service: string, trace: Trace, bindings: TracingBindings): Promise<void> {
  const [name = '', value = ''] = (bindings.OTLP_HEADER ?? '').split(/:\s*/, 2);
  try {
    const response = await fetch(`${bindings.OTLP_URL}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(name === '' ? {} : { [name]: value }) },
      body: JSON.stringify(otlp(service, trace)),
      signal: AbortSignal.timeout(5_000),
    });
    await response.body?.cancel();
  } catch {
    // Nobody waits for it, and the log has the request already.
  }
}

const kinds = { server: 2, client: 3 } as const;
const attribute = (key: string, value: Value) => ({
  key,
  value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
});

/** ExportTraceServiceRequest of OTLP 1, in its JSON form: ids in hex, times in text. */
function otlp(service: string, { traceId, spans }: Trace) {
  return {
    resourceSpans: [
      {
        resource: { attributes: [attribute('service.name', service)] },
        scopeSpans: [
          {
            scope: { name: 'cinnabar' },
            spans: spans.map((span) => ({
              traceId,
              spanId: span.spanId,
              ...(span.parentId === undefined ? {} : { parentSpanId: span.parentId }),
              name: span.name,
              kind: kinds[span.kind],
              startTimeUnixNano: `${span.startMs}000000`,
              endTimeUnixNano: `${span.endMs}000000`,
              attributes: Object.entries(span.attributes).map(([key, value]) =>
                attribute(key, value),
              ),
              status: span.failed ? { code: 2 } : {},
            })),
          },
        ],
      },
    ],
  };
}
