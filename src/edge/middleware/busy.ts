import type { MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { EdgeEnv } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { bodyBytesMax } from './body.ts';
import { bodyMsMax } from './pace.ts';

/** What one isolate does at once. More would only wait, and grow old while it waits. */
const requestsMax = 400;
/** Forms hold pictures, and what is done with pictures is computed here. */
const formsMax = 20;
/** An isolate has 128 MB, and a form lies in it twice while it is taken apart. */
const formBytesMax = 48 * 1024 * 1024;
/**
 * Whoever hangs up ends a request without a word to us; after this long it has ended. No body still
 * comes then, so that none is forgotten while it lies here.
 */
const forgottenAfterMs = bodyMsMax + 10_000;

interface Running {
  readonly startedAtMs: number;
  /** What its form may bring; `undefined` when it is no form. */
  readonly formBytes: number | undefined;
}

/** Refuses what comes while the isolate is full: `service_busy` at once instead of an answer late. */
export function refuseWhenBusy({ clock }: Pick<EdgeDeps, 'clock'>): MiddlewareHandler<EdgeEnv> {
  const running = new Map<string, Running>();
  return async (c, next) => {
    const rule = c.get('rule');
    if (!rule || c.get('route') === '/healthz') return next();
    const startedAtMs = clock.now();
    // The oldest stands first.
    for (const [id, { startedAtMs: since }] of running) {
      if (startedAtMs - since < forgottenAfterMs) break;
      running.delete(id);
    }
    const one = { startedAtMs, formBytes: formBytesOf(rule.body, c.req.header('content-length')) };
    if (!hasRoomFor(running, one)) throw new CinnabarError('service_busy');
    const id = c.get('requestId');
    running.set(id, one);
    try {
      return await next();
    } finally {
      running.delete(id);
    }
  };
}

function formBytesOf(
  body: 'json' | 'form' | 'multipart' | 'batch' | 'ocsp' | undefined,
  declared: string | undefined,
): number | undefined {
  if (body !== 'multipart' && body !== 'batch') return undefined;
  // Without a length it may be as long as it likes, up to the limit.
  return declared === undefined ? bodyBytesMax(body, declared) : Number(declared);
}

function hasRoomFor(running: ReadonlyMap<string, Running>, { formBytes }: Running): boolean {
  if (running.size >= requestsMax) return false;
  if (formBytes === undefined) return true;
  const forms = [...running.values()].flatMap((one) => one.formBytes ?? []);
  const bytes = forms.reduce((sum, each) => sum + each, formBytes);
  return forms.length < formsMax && bytes <= formBytesMax;
}
