import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { CinnabarError } from '../../src/domain/errors.ts';
import { base64Bytes, base64Text } from '../../src/lib/base64.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { granted } from '../helpers/bank.ts';
import { bankOverHttp, type HttpBank, okOf, signedStep } from '../helpers/documents.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';

const gm = await loadGm();
const sm2WithSm3 = '1.2.156.10197.1.501';
const sm3 = '1.2.156.10197.1.401';
const content = new TextEncoder().encode('担保函 No. 42');

type Body = Readonly<Record<string, unknown>>;
interface Statement {
  readonly operationId: string;
  readonly statement: string;
}

describe('remote signing by the API of the Cloud Signature Consortium, v2', () => {
  let edge: Edge;
  let own: HttpBank;
  let e: string;
  let other: string;
  const call = (method: string, json: Body, as: string | null = 'teller-zhou') =>
    edge.call(`/csc/v2/${method}`, { as, json });

  beforeAll(async () => {
    edge = await startEdge();
    own = await bankOverHttp(edge);
    const publicKey = hexToBytes(own.signing.publicKeyHex);
    e = base64Text(gm.sm2.digest(publicKey, content));
    other = base64Text(gm.sm2.digest(publicKey, content.subarray(1)));
  });

  async function challenged(more: Body): Promise<readonly Statement[]> {
    const { challenge } = await okOf(
      await call('credentials/getChallenge', { credentialID: own.signing.id, ...more }),
    );
    const text = new TextDecoder().decode(base64urlBytes(String(challenge)));
    return JSON.parse(text) as Statement[];
  }

  async function authorized(more: Body) {
    const statements = await challenged(more);
    const signed = [];
    for (const { operationId, statement } of statements) {
      signed.push({ operationId, signature: base64urlText(await own.clerk.signText(statement)) });
    }
    const value = base64urlText(new TextEncoder().encode(JSON.stringify(signed)));
    const answer = await call('credentials/authorize', {
      credentialID: own.signing.id,
      authData: [{ id: 'activation', value }],
      ...more,
    });
    return { answer, statements };
  }

  const signHash = (SAD: unknown, hashes: readonly string[], more: Body = {}) =>
    call('signatures/signHash', {
      credentialID: own.signing.id,
      SAD,
      hashes,
      hashAlgorithmOID: sm3,
      signAlgo: sm2WithSm3,
      operationMode: 'A',
      ...more,
    });

  async function outcomesSigned(statements: readonly Statement[]) {
    for (const { operationId } of statements) {
      const { outcome } = await okOf(await edge.call(`/v1/operations/${operationId}`));
      await okOf(await signedStep(edge, own, operationId, 'complete', outcome));
    }
  }

  test('info is public, and says what there is by the names of the standard', async () => {
    const info = await okOf(await call('info', {}, null));
    expect(info).toMatchObject({
      specs: '2.0.0.2',
      asynchronousOperationMode: true,
      methods: expect.arrayContaining(['credentials/authorize', 'signatures/signHash']),
      signAlgorithms: { algos: [sm2WithSm3] },
    });
  });

  test('lists what the person may sign with, and nothing to others', async () => {
    const listed = await okOf(
      await call('credentials/list', { credentialInfo: true, certInfo: true, authInfo: true }),
    );
    expect(listed).toMatchObject({
      credentialIDs: [own.signing.id],
      credentialInfos: [
        {
          credentialID: own.signing.id,
          key: { status: 'enabled', algo: [sm2WithSm3], len: 256 },
          cert: { status: 'valid', validTo: expect.stringMatching(/^\d{14}Z$/) },
          auth: { mode: 'explicit', objects: [{ type: 'ChallengeResponse', id: 'activation' }] },
          SCAL: '2',
          multisign: 16,
        },
      ],
    });
    expect(await okOf(await call('credentials/list', {}, 'customer-chen'))).toEqual({
      credentialIDs: [],
    });
    const stranger = await call(
      'credentials/info',
      { credentialID: own.signing.id },
      'auditor-gao',
    );
    expect(stranger.status).toBe(400);
    expect(await bodyOf(stranger)).toMatchObject({ error: 'invalid_request' });
    const chain = await okOf(
      await call('credentials/info', { credentialID: own.signing.id, certificates: 'chain' }),
    );
    expect((chain.cert as { certificates: string[] }).certificates).toHaveLength(3);
  });

  test('C6 C7: hashes are signed for statements of the person, and given after the outcomes', async () => {
    const hashes = [e, other, e];
    const { answer, statements } = await authorized({ hashes, numSignatures: 3 });
    const { SAD, expiresIn } = await okOf(answer);
    expect(Number(expiresIn)).toBeGreaterThan(100);
    expect(Number(expiresIn)).toBeLessThanOrEqual(120);
    const { responseID } = await okOf(await signHash(SAD, hashes));
    const early = await call('signatures/signPolling', { responseID });
    expect(early.status).toBe(202);
    await outcomesSigned(statements);
    const { signatures } = (await okOf(await call('signatures/signPolling', { responseID }))) as {
      signatures: string[];
    };
    const publicKey = hexToBytes(own.signing.publicKeyHex);
    const verified = signatures.map((signature, i) =>
      gm.sm2.verifyDigest(
        publicKey,
        base64Bytes(hashes[i] ?? '') ?? new Uint8Array(),
        base64Bytes(signature) ?? new Uint8Array(),
      ),
    );
    expect(verified).toEqual([true, true, true]);
    // Two equal hashes are two uses with a signature each.
    expect(signatures[0]).not.toBe(signatures[2]);
    const foreign = await call('signatures/signPolling', { responseID }, 'customer-chen');
    expect(foreign.status).toBe(400);
  });

  test('C6: one occurrence for each hash: none is signed twice, and no other', async () => {
    const { answer, statements } = await authorized({ hashes: [e], numSignatures: 1 });
    const { SAD } = await okOf(answer);
    for (const hashes of [[other], [e, e]]) {
      const refused = await signHash(SAD, hashes);
      expect(refused.status).toBe(403);
      expect(await bodyOf(refused)).toMatchObject({ error: 'access_denied' });
    }
    const both = await Promise.all([signHash(SAD, [e]), signHash(SAD, [e])]);
    const [first, second] = await Promise.all(both.map(okOf));
    expect(second).toEqual(first);
    edge.clock.advance(121_000);
    // The answer was lost: the stored one is given, also after the SAD is over; no key moves.
    expect(await okOf(await signHash(SAD, [e]))).toEqual(first);
    expect((await signHash(SAD, [e, e])).status).toBe(403);
    const records = await own.deps.ledger.history(`use/${own.signing.id}`);
    const grant = await own.deps.signing.find('beichen-bank', 'grant', own.signGrant);
    await outcomesSigned(statements);
    expect(await own.deps.ledger.history(`use/${own.signing.id}`)).toHaveLength(records.length + 1);
    expect(await own.deps.signing.find('beichen-bank', 'grant', own.signGrant)).toEqual(grant);
    const used = await own.deps.signing.list('beichen-bank', 'sad', {}, { limit: 10 });
    expect(used.flatMap((row) => row.occurrences.map(({ state }) => state))).not.toContain(
      'reserved',
    );
    expect(JSON.stringify(used)).not.toContain(String(SAD));
  });

  test('C6: detached signatures over digests of documents verify with the documents', async () => {
    const documentDigests = [
      {
        hashes: [base64Text(gm.sm3(content))],
        hashAlgorithmOID: sm3,
        signature_format: 'C',
        conformance_level: 'AdES-B-B',
        signAlgo: sm2WithSm3,
        signed_envelope_property: 'Detached',
      },
    ];
    const { answer, statements } = await authorized({ documentDigests, numSignatures: 1 });
    const { SAD } = await okOf(answer);
    const call_ = { credentialID: own.signing.id, SAD, documentDigests, operationMode: 'A' };
    const { responseID } = await okOf(await call('signatures/signDoc', call_));
    await outcomesSigned(statements);
    const { SignatureObject } = (await okOf(
      await call('signatures/signPolling', { responseID }),
    )) as { SignatureObject: string[] };
    const file = base64Bytes(SignatureObject[0] ?? '') ?? new Uint8Array();
    const verdict = (form: Record<string, string | Uint8Array>) =>
      edge.call('/v1/documents/verify', { form: { kind: 'cms', file, ...form } }).then(bodyOf);
    expect(await verdict({ content })).toMatchObject({ ok: true, signers: [{ standing: 'good' }] });
    expect(await verdict({ content: content.subarray(1) })).toMatchObject({ ok: false });
  });

  test('C9: a SAD of another person, for another key, too late, or for a forged statement is none', async () => {
    const { answer } = await authorized({ hashes: [e], numSignatures: 1 });
    const { SAD } = await okOf(answer);
    expect((await signHash(SAD, [e], { credentialID: own.encryption.id })).status).toBe(400);
    expect((await signHash('A'.repeat(43), [e])).status).toBe(403);
    edge.clock.advance(121_000);
    expect((await signHash(SAD, [e])).status).toBe(403);
    const [statement] = await challenged({ hashes: [e], numSignatures: 1 });
    const forged = [{ operationId: statement?.operationId, signature: 'AAAA' }];
    const value = base64urlText(new TextEncoder().encode(JSON.stringify(forged)));
    // What is no signature of the person authorises nothing.
    const refused = await call('credentials/authorize', {
      credentialID: own.signing.id,
      hashes: [e],
      numSignatures: 1,
      authData: [{ id: 'activation', value }],
    });
    expect(refused.status).toBe(400);
    const operation = await okOf(await edge.call(`/v1/operations/${statement?.operationId}`));
    expect(operation.state).toBe('approved');
  });

  test('C6: a SAD ends with its statements, and a statement that is over gives none', async () => {
    const statements = await challenged({ hashes: [e], numSignatures: 1 });
    edge.clock.advance(100_000);
    const signed = await Promise.all(
      statements.map(async ({ operationId, statement }) => ({
        operationId,
        signature: base64urlText(await own.clerk.signText(statement)),
      })),
    );
    const value = base64urlText(new TextEncoder().encode(JSON.stringify(signed)));
    const authorize = () =>
      call('credentials/authorize', {
        credentialID: own.signing.id,
        hashes: [e],
        numSignatures: 1,
        authData: [{ id: 'activation', value }],
      });
    const { expiresIn } = await okOf(await authorize());
    expect(Number(expiresIn)).toBeLessThanOrEqual(20);
    expect(Number(expiresIn)).toBeGreaterThan(0);
    edge.clock.advance(20_000);
    expect((await authorize()).status).toBeGreaterThanOrEqual(400);
  });

  test('C6: a chip that does not answer costs nothing: the same call goes on, one refused frees the rest', async () => {
    const hashes = [e, other];
    const { answer, statements } = await authorized({ hashes, numSignatures: 2 });
    const { SAD } = await okOf(answer);
    const { sign } = own.deps.keys;
    let calls = 0;
    vi.spyOn(own.deps.keys, 'sign').mockImplementation(async (input) => {
      calls += 1;
      if (calls === 2) throw new CinnabarError('chips_unavailable');
      return sign.call(own.deps.keys, input);
    });
    expect((await signHash(SAD, hashes)).status).toBeGreaterThanOrEqual(500);
    vi.restoreAllMocks();
    const { responseID } = await okOf(await signHash(SAD, hashes));
    await outcomesSigned(statements);
    const done = await okOf(await call('signatures/signPolling', { responseID }));
    expect(done.signatures).toHaveLength(2);

    const second = await authorized({ hashes, numSignatures: 2 });
    const { SAD: next } = await okOf(second.answer);
    const [refusedId = ''] = second.statements.map(({ operationId }) => operationId);
    await okOf(await edge.call(`/v1/operations/${refusedId}/cancel`, { method: 'POST' }));
    expect((await signHash(next, hashes)).status).toBeGreaterThanOrEqual(400);
    expect((await signHash(next, hashes)).status).toBe(403);
    expect((await signHash(next, [other])).status).toBe(200);
  });

  test('C5: a grant for other types of documents is none here', async () => {
    const only = await granted(own, own.officers[0], {
      documentTypes: ['guarantee'],
      amountMax: null,
    });
    expect(only).toBeDefined();
    const as = own.officers[0].caller.actor.id;
    expect((await okOf(await call('credentials/list', {}, as))).credentialIDs).toEqual([]);
    await granted(own, own.officers[0], { documentTypes: ['remote_signature'], amountMax: null });
    expect((await okOf(await call('credentials/list', {}, as))).credentialIDs).toEqual([
      own.signing.id,
    ]);
  });

  test.each([
    ['no token', 'credentials/list', {}, null, 401, 'invalid_token'],
    [
      'another user',
      'credentials/list',
      { userID: 'customer-chen' },
      'teller-zhou',
      400,
      'invalid_request',
    ],
    ['no credential', 'credentials/info', {}, 'teller-zhou', 400, 'invalid_request'],
    [
      'synchronous',
      'signatures/signHash',
      { operationMode: 'S' },
      'teller-zhou',
      400,
      'invalid_request',
    ],
    [
      'another digest',
      'signatures/signHash',
      { hashAlgorithmOID: '2.16.840.1.101.3.4.2.1' },
      'teller-zhou',
      400,
      'invalid_request',
    ],
    [
      'another algorithm',
      'signatures/signHash',
      { signAlgo: '1.2.840.10045.4.3.2' },
      'teller-zhou',
      400,
      'invalid_request',
    ],
    [
      'a number that differs',
      'credentials/getChallenge',
      { numSignatures: 2 },
      'teller-zhou',
      400,
      'invalid_request',
    ],
  ] as const)(
    'answers %s by the errors of the standard',
    async (_, method, more, as, status, error) => {
      const whole = method.startsWith('signatures')
        ? {
            credentialID: own.signing.id,
            SAD: 'A',
            hashes: [e],
            signAlgo: sm2WithSm3,
            operationMode: 'A',
          }
        : method.endsWith('Challenge')
          ? { credentialID: own.signing.id, hashes: [e], numSignatures: 1 }
          : {};
      const answer = await call(method, { ...whole, ...more }, as);
      expect({ status: answer.status, ...(await bodyOf(answer)) }).toMatchObject({ status, error });
    },
  );
});
