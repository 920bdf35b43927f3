import { createRoute } from '@hono/zod-openapi';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Caller } from '../../domain/actor.ts';
import { assertConsentText } from '../../domain/biometrics/enrol.ts';
import { getCertificate } from '../../domain/certificates/find.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { approvalText } from '../../domain/signing/approvals.ts';
import { assertCertificateRequest } from '../../domain/signing/certificate-request.ts';
import { coSign } from '../../domain/signing/co-sign.ts';
import { getGrantChange, grantChangeBytes } from '../../domain/signing/grant-changes.ts';
import { getOperation, ownOperation } from '../../domain/signing/operation.ts';
import {
  bindCertificate,
  finishPersonalKey,
  getPersonalKey,
  listPersonalKeys,
  renamePersonalKey,
  startPersonalKey,
  withdrawPersonalKey,
} from '../../domain/signing/personal-keys.ts';
import { pinVerifierBytes, setPin, usePin } from '../../domain/signing/pin.ts';
import {
  commitRefresh,
  finishRefresh,
  refreshProofText,
  startRefresh,
} from '../../domain/signing/refresh.ts';
import type * as rows from '../../domain/signing/types.ts';
import { outcomeOf } from '../../domain/signing/use.ts';
import { assertTerminalKeysText } from '../../domain/terminals/terminal-keys.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  bindingSchema,
  coSignatureSchema,
  coSignedSchema,
  newPersonalKeySchema,
  openingSchema,
  type PersonalKey,
  pepperSchema,
  personalKeyNameSchema,
  personalKeyPageSchema,
  personalKeySchema,
  pinSchema,
  protocolReplySchema,
  refreshedSchema,
  refreshStartSchema,
  signatureSchema,
  type signingPurposes,
  startedKeySchema,
  withdrawalSchema,
  withdrawnSchema,
} from '../schemas/personal-keys.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest } from './input.ts';

const tag = 'Personal keys';
const base = '/v1/personal-keys';
const one = `${base}/{id}`;
const params = idParamsSchema;
const keyAnswer = { 200: json(personalKeySchema, 'The key.') };
const keyProblems = ['personal_key_not_found', 'personal_key_state', 'chips_unavailable'] as const;
const roundProblems = [...keyProblems, 'protocol_failed', 'share_session_lost'] as const;

const startRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'startPersonalKey',
    summary: 'Make a personal key: first round',
    description:
      'The private key comes to exist in two shares only, one here, one in the chips. Messages are those of `gm.twoParty.keygen`.',
  }),
  request: { body: jsonBody(newPersonalKeySchema) },
  responses: {
    200: json(startedKeySchema, "The key, and the chip's message."),
    ...problems(`POST ${base}`, ...roundProblems, 'personal_keys_too_many'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, { tag, operationId: 'listPersonalKeys', summary: 'List own keys' }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(personalKeyPageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, { tag, operationId: 'getPersonalKey', summary: 'Get an own key' }),
  request: { params },
  responses: { ...keyAnswer, ...problems(`GET ${one}`, 'personal_key_not_found') },
});

const renameRoute = createRoute({
  method: 'patch',
  path: one,
  ...about(`PATCH ${one}`, { tag, operationId: 'renamePersonalKey', summary: 'Rename an own key' }),
  request: { params, body: jsonBody(personalKeyNameSchema) },
  responses: { ...keyAnswer, ...problems(`PATCH ${one}`, ...keyProblems) },
});

const finishRoute = createRoute({
  method: 'post',
  path: `${one}/finish`,
  ...about(`POST ${one}/finish`, {
    tag,
    operationId: 'finishPersonalKey',
    summary: 'Make a personal key: second round',
  }),
  request: { params, body: jsonBody(openingSchema) },
  responses: { ...keyAnswer, ...problems(`POST ${one}/finish`, ...roundProblems) },
});

const bindRoute = createRoute({
  method: 'post',
  path: `${one}/certificate`,
  ...about(`POST ${one}/certificate`, {
    tag,
    operationId: 'bindCertificate',
    summary: 'Name the certificate that was issued over the key',
  }),
  request: { params, body: jsonBody(bindingSchema) },
  responses: {
    ...keyAnswer,
    ...problems(`POST ${one}/certificate`, 'personal_key_not_found', 'certificate_not_found'),
  },
});

const signRoute = createRoute({
  method: 'post',
  path: `${one}/signatures`,
  ...about(`POST ${one}/signatures`, {
    tag,
    operationId: 'coSign',
    summary: "Get the cloud's half of a signature",
    description:
      'What is signed is what the service itself holds for the purpose, never what the terminal sends along. Three failed attempts within ten minutes lock the key for an hour.',
  }),
  request: { params, body: jsonBody(coSignatureSchema) },
  responses: {
    200: json(coSignedSchema, 'The reply of `gm.twoParty.sign`.'),
    ...problems(
      `POST ${one}/signatures`,
      ...roundProblems,
      'personal_key_busy',
      'personal_key_locked',
      'share_epoch_unknown',
      'key_request_reused',
      'grant_change_not_found',
      'operation_not_found',
      'operation_state',
    ),
  },
});

const refreshRoute = createRoute({
  method: 'post',
  path: `${one}/refresh`,
  ...about(`POST ${one}/refresh`, {
    tag,
    operationId: 'startRefresh',
    summary: 'Refresh the shares: first round',
  }),
  request: { params, body: jsonBody(refreshStartSchema) },
  responses: {
    200: json(protocolReplySchema, "The chip's message."),
    ...problems(`POST ${one}/refresh`, ...roundProblems),
  },
});

const refreshFinishRoute = createRoute({
  method: 'post',
  path: `${one}/refresh/finish`,
  ...about(`POST ${one}/refresh/finish`, {
    tag,
    operationId: 'finishRefresh',
    summary: 'Refresh the shares: second round',
    description: 'Old and new shares both work from here on.',
  }),
  request: { params, body: jsonBody(openingSchema) },
  responses: {
    200: json(refreshedSchema, 'The epochs that the chips answer for.'),
    ...problems(`POST ${one}/refresh/finish`, ...roundProblems),
  },
});

const refreshCommitRoute = createRoute({
  method: 'post',
  path: `${one}/refresh/commit`,
  ...about(`POST ${one}/refresh/commit`, {
    tag,
    operationId: 'commitRefresh',
    summary: 'Refresh the shares: erase the old ones',
    description: 'For a signature over the refresh proof, made with the new share.',
  }),
  request: { params, body: jsonBody(signatureSchema) },
  responses: { ...keyAnswer, ...problems(`POST ${one}/refresh/commit`, ...roundProblems) },
});

const withdrawRoute = createRoute({
  method: 'post',
  path: `${one}/withdraw`,
  ...about(`POST ${one}/withdraw`, {
    tag,
    operationId: 'withdrawPersonalKey',
    summary: 'Withdraw a key for good',
    description:
      'The chips wipe their share and sign that they did; the certificate over it is revoked.',
  }),
  request: { params, body: jsonBody(withdrawalSchema) },
  responses: {
    200: json(withdrawnSchema, 'The key and the tombstones.'),
    ...problems(`POST ${one}/withdraw`, ...keyProblems, 'ledger_unavailable'),
  },
});

const setPinRoute = createRoute({
  method: 'put',
  path: `${one}/pin`,
  ...about(`PUT ${one}/pin`, {
    tag,
    operationId: 'setPin',
    summary: 'Set the PIN that helps to protect the share on the terminal',
  }),
  request: { params, body: jsonBody(pinSchema) },
  responses: {
    200: json(pepperSchema, 'The new pepper, base64url.'),
    ...problems(`PUT ${one}/pin`, ...keyProblems),
  },
});

const usePinRoute = createRoute({
  method: 'post',
  path: `${one}/pin`,
  ...about(`POST ${one}/pin`, {
    tag,
    operationId: 'usePin',
    summary: 'Get the pepper for the right PIN; ten tries',
  }),
  request: { params, body: jsonBody(pinSchema) },
  responses: {
    200: json(pepperSchema, 'The pepper, base64url.'),
    ...problems(`POST ${one}/pin`, ...keyProblems, 'pin_wrong', 'pin_locked'),
  },
});

export function addPersonalKeyRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(startRoute, async (c) => {
    const { commitment, ...fields } = c.req.valid('json');
    const request = { ...fields, commitment: bytesOf(commitment, 'commitment') };
    const { key, message } = await startPersonalKey(deps, callerOf(c), request);
    return c.json({ key: personalKeyView(key), message: base64urlText(message) }, 200);
  });

  app.openapi(listRoute, async (c) => {
    const page = await listPersonalKeys(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(personalKeyView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const key = await getPersonalKey(deps, actorOf(c), c.req.valid('param').id);
    return c.json(personalKeyView(key), 200);
  });

  app.openapi(renameRoute, async (c) => {
    const { label } = c.req.valid('json');
    const key = await renamePersonalKey(deps, callerOf(c), c.req.valid('param').id, label);
    return c.json(personalKeyView(key), 200);
  });

  app.openapi(finishRoute, async (c) => {
    const { sessionId, opening } = c.req.valid('json');
    const { id } = c.req.valid('param');
    const request = { id, sessionId, opening: bytesOf(opening, 'opening') };
    return c.json(personalKeyView(await finishPersonalKey(deps, callerOf(c), request)), 200);
  });

  app.openapi(bindRoute, async (c) => {
    const { id } = c.req.valid('param');
    const certificate = await getCertificate(deps, actorOf(c), c.req.valid('json').serial);
    const key = await bindCertificate(deps, callerOf(c), id, certificate);
    return c.json(personalKeyView(key), 200);
  });

  app.openapi(signRoute, async (c) => {
    const { id: keyId } = c.req.valid('param');
    const { requestId, epoch, message, ...what } = c.req.valid('json');
    const caller = callerOf(c);
    const request = { keyId, requestId, epoch, message: bytesOf(message, 'message') };
    const bytes = await approvedBytes(deps, caller, keyId, what);
    const { reply, receipt } = await coSign(deps, caller, request, {
      purpose: what.purpose,
      bytes,
    });
    return c.json({ reply: base64urlText(reply), receipt: { ...receipt } }, 200);
  });

  app.openapi(refreshRoute, async (c) => {
    const { id: keyId } = c.req.valid('param');
    const { commitment, ...fields } = c.req.valid('json');
    const request = { keyId, ...fields, commitment: bytesOf(commitment, 'commitment') };
    const { message } = await startRefresh(deps, callerOf(c), request);
    return c.json({ message: base64urlText(message) }, 200);
  });

  app.openapi(refreshFinishRoute, async (c) => {
    const { id: keyId } = c.req.valid('param');
    const { sessionId, opening } = c.req.valid('json');
    const request = { keyId, sessionId, opening: bytesOf(opening, 'opening') };
    const { epochs } = await finishRefresh(deps, callerOf(c), request);
    return c.json({ epochs: [...epochs] }, 200);
  });

  app.openapi(refreshCommitRoute, async (c) => {
    const { id: keyId } = c.req.valid('param');
    const signature = bytesOf(c.req.valid('json').signature, 'signature');
    const key = await commitRefresh(deps, callerOf(c), { keyId, signature });
    return c.json(personalKeyView(key), 200);
  });

  app.openapi(withdrawRoute, async (c) => {
    const { id } = c.req.valid('param');
    const { reason } = c.req.valid('json');
    const { key, tombstones } = await withdrawPersonalKey(deps, callerOf(c), id, reason);
    const receipts = tombstones.map((tombstone) => ({ ...tombstone }));
    return c.json({ key: personalKeyView(key), tombstones: receipts }, 200);
  });

  app.openapi(setPinRoute, async (c) => {
    const verifier = verifierOf(c.req.valid('json').verifier);
    const { pepper } = await setPin(deps, callerOf(c), c.req.valid('param').id, verifier);
    return c.json({ pepper: base64urlText(pepper) }, 200);
  });

  app.openapi(usePinRoute, async (c) => {
    const verifier = verifierOf(c.req.valid('json').verifier);
    const { pepper } = await usePin(deps, callerOf(c), c.req.valid('param').id, verifier);
    return c.json({ pepper: base64urlText(pepper) }, 200);
  });
}

type Purpose = (typeof signingPurposes)[number];

/** The bytes that the service approves for a purpose: its own, or checked by it. */
async function approvedBytes(
  deps: EdgeDeps,
  caller: Caller,
  keyId: string,
  what: {
    readonly purpose: Purpose;
    readonly subjectId?: string | undefined;
    readonly request?: string | undefined;
  },
): Promise<Uint8Array> {
  const { actor } = caller;
  const subjectId = what.subjectId ?? '';
  switch (what.purpose) {
    case 'certificate_request': {
      const request = bytesOf(what.request ?? '', 'request');
      assertCertificateRequest(await getPersonalKey(deps, actor, keyId), request);
      return request;
    }
    case 'terminal_keys': {
      const text = bytesOf(what.request ?? '', 'request');
      await getPersonalKey(deps, actor, keyId);
      assertTerminalKeysText(text, { tenant: actor.tenant, terminalId: keyId });
      return text;
    }
    case 'biometric_consent': {
      const text = bytesOf(what.request ?? '', 'request');
      await getPersonalKey(deps, actor, keyId);
      assertConsentText(deps, actor, keyId, text);
      return text;
    }
    case 'refresh_proof':
      return utf8ToBytes(refreshProofText(await getPersonalKey(deps, actor, keyId)));
    case 'grant_change':
      return grantChangeBytes(await getGrantChange(deps, actor, subjectId));
    case 'approval':
      return utf8ToBytes(await approvalText(await getOperation(deps, actor, subjectId)));
    case 'statement': {
      const operation = ownOperation(await getOperation(deps, actor, subjectId), actor);
      if (!operation.statement) throw new CinnabarError('operation_state');
      return utf8ToBytes(operation.statement);
    }
    case 'outcome': {
      const operation = ownOperation(await getOperation(deps, actor, subjectId), actor);
      return utf8ToBytes(await outcomeOf(operation));
    }
  }
}

/** @throws CinnabarError `invalid_request` */
export function bytesOf(text: string, field: string): Uint8Array {
  const bytes = base64urlBytes(text);
  if (!bytes) {
    const fields = [{ pointer: `/body/${field}`, code: 'invalid' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  return bytes;
}

function verifierOf(text: string): Uint8Array {
  const verifier = bytesOf(text, 'verifier');
  if (verifier.length !== pinVerifierBytes) {
    const fields = [{ pointer: '/body/verifier', code: 'invalid' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  return verifier;
}

type Attestation = NonNullable<rows.PersonalKey['attestation']>;

export function attestationView({ points, receipt }: Attestation) {
  return { points: { ...points }, receipt: { ...receipt } };
}

function personalKeyView(key: rows.PersonalKey): PersonalKey {
  const { id, state, label, publicKeyHex, certificateSerial = null, strikes, refresh } = key;
  return {
    id,
    state,
    label,
    publicKeyHex,
    certificateSerial,
    lockedUntil: strikes.lockedUntilMs === 0 ? null : instantText(strikes.lockedUntilMs),
    failedAttempts: strikes.total,
    refreshing: refresh !== undefined,
    attestation: key.attestation ? attestationView(key.attestation) : null,
    createdAt: instantText(key.createdAtMs),
  };
}
