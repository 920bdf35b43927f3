import type { Context, MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { EdgeEnv } from '../context.ts';
import { followBody } from './pace.ts';

/** Longest picture file. */
export const pictureBytesMax = 8 * 1024 * 1024;

const bodies = {
  json: { mediaType: 'application/json', bytesMax: 64 * 1024 },
  // RFC 6749 §3.2: a parameter comes once, except those that RFC 8693 and RFC 8707 let repeat.
  form: {
    mediaType: 'application/x-www-form-urlencoded',
    bytesMax: 64 * 1024,
    partsMax: 32,
    repeated: ['audience', 'resource'] as readonly string[],
  },
  // A question about a handful of certificates (RFC 6960 §4.1).
  ocsp: { mediaType: 'application/ocsp-request', bytesMax: 4 * 1024 },
  // One picture, and room for the fields and the multipart framing.
  multipart: {
    mediaType: 'multipart/form-data',
    bytesMax: pictureBytesMax + 64 * 1024,
    partsMax: 32,
  },
  // A Worker has 128 MB: the form, its parts, and one picture being encrypted fit into it.
  batch: { mediaType: 'multipart/form-data', bytesMax: 24 * 1024 * 1024, partsMax: 128 },
} as const;

/** A longer body says how long it is, so that it is refused before anything of it is kept. */
const undeclaredBytesMax = bodies.multipart.bytesMax;

/** How long a body of this kind may be, with the length that it declares, if it does. */
export function bodyBytesMax(kind: keyof typeof bodies, declared: string | undefined): number {
  const { bytesMax } = bodies[kind];
  return declared === undefined ? Math.min(bytesMax, undeclaredBytesMax) : bytesMax;
}

/** Refuses by its headers a body of the wrong type or of a declared length over the limit. */
export function checkBodyHeaders(): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const kind = c.get('rule')?.body;
    if (kind) {
      const { mediaType, bytesMax } = bodies[kind];
      const declared = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (declared !== mediaType) throw new CinnabarError('unsupported_media_type');
      const length = c.req.header('content-length') ?? '0';
      // Written so that what is no number is refused too.
      if (!(Number(length) <= bytesMax)) throw new CinnabarError('payload_too_large');
    }
    await next();
  };
}

/**
 * Reads the body up to its limit and parses it, so that everything behind finds it parsed.
 *
 * Comes after authorisation: nobody unknown makes us keep megabytes.
 */
export function readBody(): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const kind = c.get('rule')?.body;
    const { body } = c.req.raw;
    if (!kind) return next();
    if (!body) {
      await parse(c, kind);
      return next();
    }
    const bytesMax = bodyBytesMax(kind, c.req.header('content-length'));
    const followed = followBody(body, { bytesMax });
    const duplex = { body: followed.stream, duplex: 'half' } as RequestInit;
    c.req.raw = new Request(c.req.raw, duplex);
    try {
      await parse(c, kind);
    } catch (error) {
      throw followed.refusal() ?? error;
    } finally {
      followed.release();
    }
    return next();
  };
}

async function parse(c: Context<EdgeEnv>, kind: keyof typeof bodies): Promise<void> {
  if (kind === 'json') await parseJson(c);
  else if (kind === 'form') await parseParameters(c);
  else if (kind === 'ocsp') await c.req.arrayBuffer();
  else await parseForm(c, bodies[kind].partsMax);
}

async function parseJson(c: Context<EdgeEnv>): Promise<void> {
  await c.req.json().catch(refuseMalformed);
}

async function parseParameters(c: Context<EdgeEnv>): Promise<void> {
  await parseForm(c, bodies.form.partsMax);
  const names = partsOf(await c.req.formData()).map(([name]) => name);
  const once = names.filter((name) => !bodies.form.repeated.includes(name));
  if (new Set(once).size < once.length) refuseMalformed();
}

async function parseForm(c: Context<EdgeEnv>, partsMax: number): Promise<void> {
  const form = await c.req.formData().catch(refuseMalformed);
  const parts = partsOf(form);
  if (parts.length > partsMax) refuseMalformed();
  if (parts.some(([, value]) => value instanceof File && value.size > pictureBytesMax)) {
    refuseLarge();
  }
}

/** The parts of a form in their order. The runtime's type knows of texts only. */
export function partsOf(form: FormData): readonly (readonly [string, string | File])[] {
  const parts: [string, string | File][] = [];
  form.forEach((value: unknown, name) => {
    if (typeof value === 'string' || value instanceof File) parts.push([name, value]);
  });
  return parts;
}

function refuseLarge(): never {
  throw new CinnabarError('payload_too_large');
}

function refuseMalformed(): never {
  const fields = [{ pointer: '/body', code: 'malformed' }];
  throw new CinnabarError('invalid_request', { fields });
}
