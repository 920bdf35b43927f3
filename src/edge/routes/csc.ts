import { createRoute, type z } from '@hono/zod-openapi';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Actor } from '../../domain/actor.ts';
import { loadAuthority } from '../../domain/certificates/authority.ts';
import { certificateStateOf, findCertificate } from '../../domain/certificates/find.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { serialOf } from '../../domain/signing/decide.ts';
import {
  authorizeHashes,
  challengeFor,
  getCredential,
  type HashToSign,
  listCredentials,
  multisignMax,
  pollSignatures,
  type RemoteCredential,
  signHashes,
} from '../../domain/signing/remote-signing.ts';
import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import { cscErrors } from '../csc-problem.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  type CscCredentialInfo,
  type CscSigned,
  cscAuthorizedSchema,
  cscAuthorizeRequestSchema,
  cscChallengeRequestSchema,
  cscChallengeSchema,
  cscCredentialInfoSchema,
  cscErrorSchema,
  cscInfoOfRequestSchema,
  cscInfoRequestSchema,
  cscInfoSchema,
  cscListRequestSchema,
  cscListSchema,
  cscPollRequestSchema,
  cscResponseSchema,
  cscSignaturesSchema,
  cscSignDocRequestSchema,
  cscSignHashRequestSchema,
} from '../schemas/csc.ts';
import { about, json, jsonBody } from './contract.ts';

const tag = 'Remote signing (CSC API v2)';
const base = '/csc/v2';

/** GM/T 0006 and RFC 5758: SM2 with SM3, ECDSA with SHA-256; and the digests that go with them. */
const algorithms = {
  sm2: { sign: '1.2.156.10197.1.501', digest: '1.2.156.10197.1.401', curve: '1.2.156.10197.1.301' },
  p256: {
    sign: '1.2.840.10045.4.3.2',
    digest: '2.16.840.1.101.3.4.2.1',
    curve: '1.2.840.10045.3.1.7',
  },
} as const;

/** The one thing that authorises: a signature of the personal key over the statements. */
const authObjectId = 'activation';

function route<Q extends z.ZodType, A extends z.ZodType, M extends object>(
  method: string,
  operationId: string,
  summary: string,
  request: Q,
  answer: A,
  // The type without members where there is no other answer.
  more: M = {} as M,
) {
  const path = `${base}/${method}`;
  const refusals = Object.entries(cscErrors).map(([status, error]) => [
    status,
    json(cscErrorSchema, `\`${error}\``),
  ]);
  return createRoute({
    method: 'post',
    path,
    ...about(`POST ${path}`, { tag, operationId, summary }),
    request: { body: jsonBody(request) },
    responses: {
      200: json(answer, 'As the standard has it.'),
      ...more,
      // Handlers answer, or throw: the type keeps refusals out of what they may return.
      ...(Object.fromEntries(refusals) as Record<never, never>),
    },
  });
}

const infoRoute = route(
  'info',
  'cscInfo',
  'What this signing service offers',
  cscInfoRequestSchema,
  cscInfoSchema,
);
const listRoute = route(
  'credentials/list',
  'cscListCredentials',
  'List the keys that the caller may sign with',
  cscListRequestSchema,
  cscListSchema,
);
const credentialRoute = route(
  'credentials/info',
  'cscCredentialInfo',
  'Get key, certificate and authorisation of a credential',
  cscInfoOfRequestSchema,
  cscCredentialInfoSchema,
);
const challengeRoute = route(
  'credentials/getChallenge',
  'cscGetChallenge',
  'Get the statements that the person signs, one for each hash',
  cscChallengeRequestSchema,
  cscChallengeSchema,
);
const authorizeRoute = route(
  'credentials/authorize',
  'cscAuthorize',
  'Get a SAD for the signed statements',
  cscAuthorizeRequestSchema,
  cscAuthorizedSchema,
);
const signHashRoute = route(
  'signatures/signHash',
  'cscSignHash',
  'Sign hashes that a SAD authorises, each once',
  cscSignHashRequestSchema,
  cscResponseSchema,
);
const signDocRoute = route(
  'signatures/signDoc',
  'cscSignDoc',
  'Make detached signatures over digests of documents',
  cscSignDocRequestSchema,
  cscResponseSchema,
);
const pollRoute = route(
  'signatures/signPolling',
  'cscSignPolling',
  'Get the signatures, once the outcomes are signed',
  cscPollRequestSchema,
  cscSignaturesSchema,
  { 202: json(cscResponseSchema, 'Not yet: the person has not signed all outcomes.') },
);

export function addCscRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(infoRoute, (c) => c.json(infoOf(deps), 200));

  app.openapi(listRoute, async (c) => {
    const query = c.req.valid('json');
    const actor = actorOf(c);
    // The standard: with a person's token nobody else's credentials can be asked for.
    if (query.userID !== undefined && query.userID !== actor.id) throw invalid('userID');
    const found = await listCredentials(deps, actor);
    const infos = await Promise.all(found.map((one) => credentialView(deps, one, query)));
    const shown = found.flatMap((one, i) => {
      const info = infos[i];
      const isLeftOut = query.onlyValid && info?.cert.status !== 'valid';
      return info && !isLeftOut ? [{ id: one.key.id, info }] : [];
    });
    return c.json(
      {
        credentialIDs: shown.map(({ id }) => id),
        ...(query.credentialInfo
          ? { credentialInfos: shown.map(({ id, info }) => ({ credentialID: id, ...info })) }
          : {}),
        ...(query.onlyValid ? { onlyValid: true } : {}),
      },
      200,
    );
  });

  app.openapi(credentialRoute, async (c) => {
    const query = c.req.valid('json');
    const credential = await getCredential(deps, actorOf(c), query.credentialID);
    return c.json(await credentialView(deps, credential, query), 200);
  });

  app.openapi(challengeRoute, async (c) => {
    const { credentialID, numSignatures, description, ...signed } = c.req.valid('json');
    const { actor } = callerOf(c);
    const hashes = await hashesOf(deps, actor, credentialID, signed, numSignatures);
    const reason = description ?? 'remote signature';
    const challenges = await challengeFor(deps, callerOf(c), credentialID, hashes, reason);
    return c.json({ challenge: base64urlText(utf8ToBytes(JSON.stringify(challenges))) }, 200);
  });

  app.openapi(authorizeRoute, async (c) => {
    const { credentialID, numSignatures, authData, ...signed } = c.req.valid('json');
    const hashes = await hashesOf(deps, actorOf(c), credentialID, signed, numSignatures);
    const value = authData.find(({ id }) => id === authObjectId)?.value ?? '';
    const { sad, expiresInSeconds } = await authorizeHashes(
      deps,
      callerOf(c),
      credentialID,
      hashes,
      signaturesIn(value),
    );
    return c.json({ SAD: sad, expiresIn: expiresInSeconds }, 200);
  });

  app.openapi(signHashRoute, async (c) => {
    const { credentialID, SAD, operationMode, signAlgo, ...signed } = c.req.valid('json');
    assertAsynchronous(operationMode);
    const hashes = await hashesOf(deps, actorOf(c), credentialID, signed);
    await assertAlgorithm(deps, actorOf(c), credentialID, signAlgo);
    const responseID = await signHashes(deps, callerOf(c), credentialID, SAD, hashes);
    return c.json({ responseID }, 200);
  });

  app.openapi(signDocRoute, async (c) => {
    const { credentialID, SAD, operationMode, documentDigests } = c.req.valid('json');
    assertAsynchronous(operationMode);
    const hashes = await hashesOf(deps, actorOf(c), credentialID, { documentDigests });
    const responseID = await signHashes(deps, callerOf(c), credentialID, SAD, hashes);
    return c.json({ responseID }, 200);
  });

  app.openapi(pollRoute, async (c) => {
    const { responseID } = c.req.valid('json');
    const found = await pollSignatures(deps, callerOf(c), responseID);
    if (!found) return c.json({ responseID }, 202);
    const signatures = [...found.signatures];
    const { isDocuments } = found;
    return c.json(isDocuments ? { SignatureObject: signatures } : { signatures }, 200);
  });
}

function infoOf({ issuer }: EdgeDeps) {
  return {
    specs: '2.0.0.2',
    name: 'Cinnabar',
    logo: `${issuer}/seal.svg`,
    region: 'CN',
    lang: 'en',
    description:
      'Keys of institutions, activated by signatures of the persons that may use them. Signatures are fetched asynchronously, when the person has signed the outcome too. SM2 keys sign hashes and documents; P-256 keys sign documents only (signatures/signDoc).',
    // Tokens of the authentication centre; how one gets them is its metadata's to say.
    authType: ['external'],
    oauth2Issuer: issuer,
    methods: [
      'credentials/list',
      'credentials/info',
      'credentials/getChallenge',
      'credentials/authorize',
      'signatures/signHash',
      'signatures/signDoc',
      'signatures/signPolling',
    ],
    asynchronousOperationMode: true,
    validationInfo: false,
    // What every method takes. ECDSA is for documents: the chips sign with it no hash that is given.
    signAlgorithms: { algos: [algorithms.sm2.sign] },
    signature_formats: { formats: ['C'], envelope_properties: [['Detached']] },
    conformance_levels: ['AdES-B-B'],
  };
}

interface Wanted {
  readonly certificates?: 'none' | 'single' | 'chain' | undefined;
  readonly certInfo?: boolean | undefined;
  readonly authInfo?: boolean | undefined;
}

const certificateStatus = {
  good: 'valid',
  expired: 'expired',
  revoked: 'revoked',
  superseded: 'revoked',
} as const;

async function credentialView(
  deps: EdgeDeps,
  { key, grant }: RemoteCredential,
  { certificates = 'single', certInfo = false, authInfo = false }: Wanted,
): Promise<CscCredentialInfo> {
  const serial = await serialOf(deps, key);
  const certificate = serial === undefined ? undefined : await findCertificate(deps, serial);
  const standing = serial === undefined ? 'unknown' : await certificateStateOf(deps, serial);
  const { issuing, root } = await loadAuthority(deps, key.algorithm, certificate?.issuer);
  const chain = certificates === 'chain' ? [issuing, root] : [];
  const { sign, curve } = algorithms[key.algorithm];
  const status = Object.hasOwn(certificateStatus, standing)
    ? certificateStatus[standing as keyof typeof certificateStatus]
    : 'suspended';
  return {
    description: `${certificate?.subject.commonName ?? key.id}, until ${instantText(grant.validUntilMs)}${key.algorithm === 'p256' ? ', documents only' : ''}`,
    key: { status: status === 'valid' ? 'enabled' : 'disabled', algo: [sign], len: 256, curve },
    cert: {
      status,
      ...(certificate?.der && certificates !== 'none'
        ? { certificates: [certificate.der, ...chain].map(base64Text) }
        : {}),
      ...(certificate && certInfo
        ? {
            serialNumber: certificate.serialHex,
            subjectDN: `CN=${certificate.subject.commonName}`,
            validFrom: generalizedTime(certificate.notBeforeMs),
            validTo: generalizedTime(certificate.notAfterMs),
          }
        : {}),
    },
    ...(authInfo ? { auth: authOf() } : {}),
    SCAL: '2',
    multisign: multisignMax,
    lang: 'en',
  };
}

function authOf(): NonNullable<CscCredentialInfo['auth']> {
  return {
    mode: 'explicit',
    expression: authObjectId,
    objects: [
      {
        type: 'ChallengeResponse',
        id: authObjectId,
        format: 'A',
        label: 'Signatures with the personal key',
        description: 'Base64url of JSON: a list of { operationId, signature }, in the same order.',
      },
    ],
  };
}

/** `YYYYMMDDHHMMSSZ`, as the standard wants it. */
const generalizedTime = (ms: number) => `${instantText(ms).slice(0, 19).replace(/[-:T]/g, '')}Z`;

/**
 * The hashes that are to be signed, of one kind.
 *
 * @throws CinnabarError `invalid_request` for both kinds, none, an algorithm or a format that is not
 * the credential's, and a number of signatures that is not that of the hashes
 */
async function hashesOf(
  deps: EdgeDeps,
  actor: Actor,
  credentialID: string,
  { hashes, documentDigests, hashAlgorithmOID }: CscSigned,
  numSignatures?: number,
): Promise<readonly HashToSign[]> {
  const { key } = await getCredential(deps, actor, credentialID);
  const { sign, digest } = algorithms[key.algorithm];
  if ((hashes === undefined) === (documentDigests === undefined)) throw invalid('hashes');
  if (hashAlgorithmOID !== undefined && hashAlgorithmOID !== digest) {
    throw invalid('hashAlgorithmOID');
  }
  for (const one of documentDigests ?? []) {
    if (one.hashAlgorithmOID !== digest) throw invalid('documentDigests/hashAlgorithmOID');
    if (one.signAlgo !== sign) throw invalid('documentDigests/signAlgo');
    if (one.signature_format !== 'C') throw invalid('documentDigests/signature_format');
    if ((one.signed_envelope_property ?? 'Detached') !== 'Detached') {
      throw invalid('documentDigests/signed_envelope_property');
    }
    if ((one.conformance_level ?? 'AdES-B-B') !== 'AdES-B-B') {
      throw invalid('documentDigests/conformance_level');
    }
  }
  const form = hashes ? 'hash' : 'document';
  const texts = hashes ?? documentDigests?.flatMap((one) => one.hashes) ?? [];
  if (numSignatures !== undefined && numSignatures !== texts.length) throw invalid('numSignatures');
  if (texts.length === 0 || texts.length > multisignMax) throw invalid('hashes');
  return texts.map((text) => {
    const bytes = base64Bytes(text);
    if (!bytes) throw invalid('hashes');
    return { form, digest: bytes };
  });
}

async function assertAlgorithm(
  deps: EdgeDeps,
  actor: Actor,
  credentialID: string,
  signAlgo: string,
): Promise<void> {
  const { key } = await getCredential(deps, actor, credentialID);
  if (algorithms[key.algorithm].sign !== signAlgo) throw invalid('signAlgo');
}

/** The outcome is signed after the key moved, and only then is the signature given: no one waits. */
function assertAsynchronous(mode: 'A' | 'S'): void {
  if (mode !== 'A') throw invalid('operationMode');
}

function signaturesIn(value: string) {
  let list: unknown;
  try {
    list = JSON.parse(new TextDecoder().decode(base64urlBytes(value)));
  } catch {
    throw invalid('authData');
  }
  if (!Array.isArray(list) || list.length > multisignMax) throw invalid('authData');
  return list.map((item: unknown) => {
    const { operationId, signature } = { ...(item as object) } as Record<string, unknown>;
    const bytes = typeof signature === 'string' ? base64urlBytes(signature) : undefined;
    if (typeof operationId !== 'string' || !bytes || bytes.length > 80) throw invalid('authData');
    return { operationId, signature: bytes };
  });
}

function invalid(name: string): CinnabarError {
  return new CinnabarError('invalid_request', {
    fields: [{ pointer: `/body/${name}`, code: 'invalid' }],
  });
}
