import { createRoute, z } from '@hono/zod-openapi';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { allAuthorities, loadAuthority, rootList } from '../../domain/certificates/authority.ts';
import { type OcspReply, ocspResponder } from '../../domain/certificates/ocsp.ts';
import type { CertificateDeps } from '../../domain/certificates/ports.ts';
import { keyAlgorithms } from '../../domain/certificates/profiles.ts';
import { currentCrl, deltaCrl } from '../../domain/certificates/revocation.ts';
import { encodePem } from '../../lib/pem.ts';
import type { EdgeApp, EdgeContext } from '../context.ts';
import { authorityQuerySchema, crlQuerySchema, ocspParamsSchema } from '../schemas/certificates.ts';
import { about, binary, problems } from './contract.ts';

const tag = 'Public key infrastructure';
const ocspType = 'application/ocsp-response';

const authorityRoute = createRoute({
  method: 'get',
  path: '/pki/ca.crt',
  ...about('GET /pki/ca.crt', {
    tag,
    operationId: 'getAuthorities',
    summary: "The service's own certificates",
    description:
      'With `algorithm` one certificate in DER: an issuing authority by its generation, or the root. Without it all in PEM, the issuing authorities that were not revoked before their root.',
  }),
  request: { query: authorityQuerySchema },
  responses: {
    200: binary('application/pkix-cert', 'The certificate, or the list in PEM.'),
    ...problems('GET /pki/ca.crt', 'invalid_request', 'authority_not_found', 'chips_unavailable'),
  },
});

const crlRoute = createRoute({
  method: 'get',
  path: '/pki/crl',
  ...about('GET /pki/crl', {
    tag,
    operationId: 'getCrl',
    summary: 'The certificate revocation list',
    description:
      'DER, of an issuing authority of the hierarchy `algorithm` (`sm2` if not given). With `delta=true` what changed since the oldest list that has not ended; with `role=root` the list of the root, about issuing authorities.',
  }),
  request: { query: crlQuerySchema },
  responses: {
    200: binary('application/pkix-crl', 'The list.'),
    ...problems(
      'GET /pki/crl',
      'invalid_request',
      'authority_not_found',
      'revocation_list_full',
      'chips_unavailable',
    ),
  },
});

const ocspRoute = createRoute({
  method: 'post',
  path: '/pki/ocsp',
  ...about('POST /pki/ocsp', {
    tag,
    operationId: 'askOcsp',
    summary: 'Ask for the status of certificates (RFC 6960)',
  }),
  request: {
    body: {
      required: true,
      content: {
        'application/ocsp-request': { schema: z.string().openapi({ format: 'binary' }) },
      },
    },
  },
  responses: {
    200: binary('application/ocsp-response', 'The signed answer.'),
    ...problems('POST /pki/ocsp', 'chips_unavailable'),
  },
});

const ocspGetRoute = createRoute({
  method: 'get',
  path: '/pki/ocsp/{request}',
  ...about('GET /pki/ocsp/{request}', {
    tag,
    operationId: 'askOcspByAddress',
    summary: 'Ask for the status of certificates, in the address (RFC 6960 Appendix A.1)',
  }),
  request: { params: ocspParamsSchema },
  responses: {
    200: binary('application/ocsp-response', 'The signed answer.'),
    ...problems('GET /pki/ocsp/{request}', 'invalid_request', 'chips_unavailable'),
  },
});

export function addPkiRoutes(app: EdgeApp, deps: CertificateDeps): void {
  const respond = ocspResponder(deps);

  app.openapi(authorityRoute, async (c) => {
    const { algorithm, role, generation = '1' } = c.req.valid('query');
    if (algorithm === undefined) return pemList(deps, c);
    const { issuing, root } = await loadAuthority(deps, algorithm, Number(generation));
    return answer(c, role === 'root' ? root : issuing, 'application/pkix-cert', 3600);
  });

  app.openapi(crlRoute, async (c) => {
    const { algorithm = 'sm2', generation = '1', delta, role } = c.req.valid('query');
    if (role === 'root') {
      return answer(c, await rootList(deps, algorithm), 'application/pkix-crl', 0);
    }
    const issuer = { algorithm, generation: Number(generation) };
    const der = delta ? await deltaCrl(deps, issuer) : (await currentCrl(deps, issuer)).der;
    return answer(c, der, 'application/pkix-crl', 0);
  });

  app.openapi(ocspRoute, async (c) => {
    const request = new Uint8Array(await c.req.arrayBuffer());
    return answer(c, (await respond(request)).der, ocspType, 0);
  });

  app.openapi(ocspGetRoute, async (c) => {
    const request = decoded(c.req.valid('param').request);
    return sharedAnswer(c, await respond(request), deps.clock.now());
  });
}

async function pemList(deps: CertificateDeps, c: EdgeContext): Promise<Response> {
  const hierarchies = await Promise.all(keyAlgorithms.map((one) => allAuthorities(deps, one)));
  const text = hierarchies
    .flatMap((all) => {
      const permitted = all.filter(({ isRevoked }) => !isRevoked);
      return [
        ...permitted.map(({ issuing }) => issuing),
        ...all.slice(0, 1).map(({ root }) => root),
      ];
    })
    .map((der) => encodePem('CERTIFICATE', der))
    .join('');
  return c.body(text, 200, { 'content-type': 'application/x-pem-file' });
}

/** A list must not be older than the newest change, so only certificates are left to caches. */
function answer(c: EdgeContext, der: Uint8Array, mediaType: string, seconds: number): Response {
  const cache = seconds === 0 ? 'no-cache' : `public, max-age=${seconds}`;
  return c.body(new Uint8Array(der), 200, { 'content-type': mediaType, 'cache-control': cache });
}

/** An answer that caches may give to others until it ends, marked as RFC 5019 §6.2 has it. */
function sharedAnswer(c: EdgeContext, { der, shared }: OcspReply, nowMs: number): Response {
  const seconds = Math.floor(((shared?.nextUpdateMs ?? 0) - nowMs) / 1000);
  if (!shared || seconds <= 0) return answer(c, der, ocspType, 0);
  return c.body(new Uint8Array(der), 200, {
    'content-type': ocspType,
    'cache-control': `public, max-age=${seconds}, no-transform, must-revalidate`,
    'last-modified': new Date(shared.thisUpdateMs).toUTCString(),
    expires: new Date(shared.nextUpdateMs).toUTCString(),
    etag: `"${bytesToHex(sha1(der))}"`,
  });
}

/** Base64 with what browsers and proxies make of it; no bytes at all for anything else. */
function decoded(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replaceAll(' ', '+')), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}
