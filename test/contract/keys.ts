import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { loadGm } from '../../src/core/gm.ts';
import { grantsChangeBytes, grantsHash } from '../../src/core/grant-list.ts';
import { verifyReceipt } from '../../src/core/usage/receipt.ts';
import { statementLifeMs } from '../../src/core/usage/times.ts';
import { verifyWith } from '../../src/domain/chips/key-material.ts';
import type { Activation } from '../../src/domain/chips/keys.ts';
import {
  type CreateKey,
  type KeyAlgorithm,
  type KeyService,
  type SignScheme,
  serviceTenant,
} from '../../src/domain/chips/keys.ts';
import { openTools } from '../../src/domain/chips/tools.ts';
import { freshId, freshTenant } from './fresh.ts';

const message = utf8ToBytes('业务数据 of one signature');
const signers: readonly [KeyAlgorithm, readonly SignScheme[]][] = [
  ['sm2', ['sm2-sm3']],
  ['p256', ['ecdsa-p256-sha256']],
  ['ed25519', ['ed25519']],
  ['rsa3072', ['rsa-pss-sha256', 'rsa-pkcs1-sha256']],
];

/** What every holder of keys must do. `nowMs` is its clock. */
export function keysContract(make: () => KeyService | Promise<KeyService>, nowMs: () => number) {
  async function freshKey(more: Partial<CreateKey> = {}) {
    const keys = await make();
    const tenant = freshTenant();
    const input: CreateKey = { tenant, id: freshId(), algorithm: 'sm2', uses: ['sign'], ...more };
    const record = await keys.create(input);
    return { keys, input, record, use: { tenant: input.tenant, keyId: input.id } };
  }

  it.each(signers)('E1: a %s key signs, and the signature verifies', async (algorithm, schemes) => {
    const tools = await openTools(crypto.subtle);
    const { keys, record, use } = await freshKey({ algorithm });
    for (const scheme of schemes) {
      const request = { ...use, requestId: `sign-${scheme}`, scheme, message };
      const { signature, receipt } = await keys.sign(request);
      expect(await verifyWith(tools, record.publicKey, scheme, message, signature)).toBe(true);
      const chipKey = hexToBytes(receipt.chipPublicKeyHex);
      expect(verifyReceipt(tools.gm, chipKey, receipt)).toBe(true);
      expect(receipt.resultHashHex).toBe(bytesToHex(tools.gm.sm3(signature)));
      expect(verifyReceipt(tools.gm, chipKey, { ...receipt, ticket: 9 })).toBe(false);
    }
  });

  it('E1: SM2, RSA and ECDH decryption give what was encrypted', async () => {
    const gm = await loadGm();
    const { subtle } = crypto;
    const decrypting = (algorithm: KeyAlgorithm) => freshKey({ algorithm, uses: ['decrypt'] });

    const sm2 = await decrypting('sm2');
    const ciphertext = gm.sm2.encrypt(gm.keys.decodeSpki(sm2.record.publicKey), message);
    const opened = { ...sm2.use, requestId: 'open', scheme: 'sm2', ciphertext } as const;
    expect((await sm2.keys.decrypt(opened)).plaintext).toEqual(message);
    const altered = ciphertext.map((byte, i) => (i === ciphertext.length - 1 ? byte ^ 1 : byte));
    const tampered = { ...opened, requestId: 'altered', ciphertext: altered };
    await expect(sm2.keys.decrypt(tampered)).rejects.toMatchObject({ code: 'decryption_failed' });

    const rsa = await decrypting('rsa3072');
    const oaep = { name: 'RSA-OAEP', hash: 'SHA-256' };
    const spki = new Uint8Array(rsa.record.publicKey);
    const rsaKey = await subtle.importKey('spki', spki, oaep, false, ['encrypt']);
    const wrapped = new Uint8Array(await subtle.encrypt(oaep, rsaKey, message));
    const request = { ...rsa.use, requestId: 'open', scheme: 'rsa-oaep-256' } as const;
    const { plaintext } = await rsa.keys.decrypt({ ...request, ciphertext: wrapped });
    expect(plaintext).toEqual(message);

    const [one, other] = [await decrypting('p256'), await decrypting('p256')];
    const pointOf = ({ record }: typeof one) => record.publicKey.slice(-65);
    const agree = (own: typeof one, peer: typeof one) =>
      own.keys.decrypt({
        ...own.use,
        requestId: 'agree',
        scheme: 'ecdh-p256',
        peerPublicKey: pointOf(peer),
      });
    const shared = await agree(one, other);
    expect(shared.plaintext).toHaveLength(32);
    expect(shared.plaintext).toEqual((await agree(other, one)).plaintext);
  });

  it('E1: the same request gives the same result, and its id no second one', async () => {
    const { keys, use } = await freshKey();
    const request = { ...use, requestId: 'once', scheme: 'sm2-sm3', message } as const;
    const [first, second] = await Promise.all([keys.sign(request), keys.sign(request)]);
    expect(second).toEqual(first);
    expect(await keys.sign(request)).toEqual(first);
    await expect(keys.sign({ ...request, message: utf8ToBytes('other') })).rejects.toMatchObject({
      code: 'key_request_reused',
    });
    await expect(keys.sign({ ...request, format: 'raw' })).rejects.toMatchObject({
      code: 'key_request_reused',
    });
  });

  it('E1: making a key twice under one id makes one', async () => {
    const { keys, input, record } = await freshKey();
    expect((await keys.create(input)).publicKey).toEqual(record.publicKey);
    expect(await keys.find(input.tenant, input.id)).toEqual(record);
    await expect(keys.create({ ...input, algorithm: 'p256' })).rejects.toMatchObject({
      code: 'key_id_taken',
    });
  });

  it('E2: a key is named only when at least two chips hold it', async () => {
    const { record } = await freshKey({ tenant: serviceTenant });
    expect(record.replicas.length).toBeGreaterThanOrEqual(2);
    expect(record).toMatchObject({ state: 'active', protection: 'software' });
  });

  it('E1: a key answers its tenant only, its uses only, its schemes only', async () => {
    const { keys, use } = await freshKey();
    const sign = { ...use, requestId: 'r', scheme: 'sm2-sm3', message } as const;
    const cases = [
      [() => keys.sign({ ...sign, tenant: freshTenant() }), 'key_not_found'],
      [() => keys.sign({ ...sign, keyId: freshId() }), 'key_not_found'],
      [() => keys.sign({ ...sign, scheme: 'ed25519' }), 'key_use_refused'],
      [
        () => keys.decrypt({ ...use, requestId: 'd', scheme: 'sm2', ciphertext: message }),
        'key_use_refused',
      ],
      [() => keys.sign({ ...sign, requestId: '' }), 'invalid_request'],
      [() => keys.find(use.tenant, freshId()), 'key_not_found'],
    ] as const;
    for (const [call, code] of cases) await expect(call()).rejects.toMatchObject({ code });
  });

  it('E1: a frozen key rests, a revoked key never comes back', async () => {
    const { keys, input, use } = await freshKey();
    const sign = (requestId: string) =>
      keys.sign({ ...use, requestId, scheme: 'sm2-sm3', message });
    await keys.setState(input.tenant, input.id, 'frozen');
    await expect(sign('a')).rejects.toMatchObject({ code: 'key_not_active' });
    await keys.setState(input.tenant, input.id, 'active');
    expect((await sign('b')).signature.length).toBeGreaterThan(60);
    const gone = await keys.setState(input.tenant, input.id, 'revoked');
    expect(gone.state).toBe('revoked');
    await expect(sign('c')).rejects.toMatchObject({ code: 'key_not_active' });
    await expect(keys.setState(input.tenant, input.id, 'active')).rejects.toMatchObject({
      code: 'key_not_active',
    });
  });

  it('E1: of many simultaneous uses at a limit exactly the allowed number succeeds', async () => {
    const { keys, use } = await freshKey({ policy: { usesMax: 3 } });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        keys.sign({ ...use, requestId: `r${i}`, scheme: 'sm2-sm3', message }),
      ),
    );
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(outcomes).toHaveLength(refusals.length + 3);
    for (const { reason } of refusals) expect(reason.code).toBe('key_limit_reached');
  });

  it('A10: a key with a grant list moves only for what a listed person signed', async () => {
    const gm = await loadGm();
    const person = gm.sm2.generateKeyPair();
    const grants = [{ publicKeyHex: bytesToHex(person.publicKey), operations: ['sign' as const] }];
    const grantsHashHex = grantsHash(gm, grants);
    const { keys, record, use } = await freshKey({ policy: { grantsHashHex } });
    const e = gm.sm2.digest(gm.keys.decodeSpki(record.publicKey), message);
    const request = { ...use, requestId: 'act', scheme: 'sm2-sm3', message } as const;
    const statement = {
      version: 1,
      ...use,
      requestId: 'act',
      operation: 'sign:sm2-sm3',
      digestHex: bytesToHex(e),
      decisionHashHex: '0'.repeat(64),
      notAfterMs: nowMs() + statementLifeMs / 2,
    };
    const activate = (change: object, key = person.privateKey): Activation => {
      const text = JSON.stringify({ ...statement, ...change });
      return { statement: text, signature: gm.sm2.sign(key, utf8ToBytes(text)), grants };
    };
    const refusals: [Activation | undefined, string][] = [
      [undefined, 'missing'],
      [activate({ digestHex: '1'.repeat(64) }), 'mismatch'],
      [activate({ requestId: 'other' }), 'mismatch'],
      [activate({ notAfterMs: nowMs() - 60_000 }), 'expired'],
      [activate({ notAfterMs: nowMs() + 10 * statementLifeMs }), 'expired'],
      [activate({}, gm.sm2.generateKeyPair().privateKey), 'signature'],
      [{ ...activate({}), grants: [...grants, ...grants] }, 'grants'],
    ];
    for (const [activation, detail] of refusals) {
      const use = activation ? { ...request, activation } : request;
      await expect(keys.sign(use)).rejects.toMatchObject({ code: 'activation_refused', detail });
    }
    // Made by a service whose clock is two seconds ahead of the chip's.
    const ahead = activate({ notAfterMs: nowMs() + statementLifeMs + 2_000 });
    const { receipt } = await keys.sign({ ...request, activation: ahead });
    expect(receipt.statementHashHex).toMatch(/^[0-9a-f]{64}$/);
  });

  it('A10: only enough officers change a grant list, once', async () => {
    const gm = await loadGm();
    const officers = [1, 2, 3].map(() => gm.sm2.generateKeyPair());
    const publicKeysHex = officers.map(({ publicKey }) => bytesToHex(publicKey));
    const policy = {
      grantsHashHex: '0'.repeat(64),
      officers: { publicKeysHex, threshold: 2 },
    };
    const { keys, record, use } = await freshKey({ policy });
    const change = { ...use, grantsHashHex: '1'.repeat(64), epoch: record.epoch };
    const bytes = grantsChangeBytes(change);
    const approvals = officers.map(({ privateKey, publicKey }) => ({
      publicKeyHex: bytesToHex(publicKey),
      signature: gm.sm2.sign(privateKey, bytes),
    }));
    const [first, second] = approvals;
    if (!first || !second) throw new Error('three officers');
    const refused = { code: 'activation_refused' };
    const twice = keys.changeGrants({ ...change, approvals: [first, first] });
    await expect(twice).rejects.toMatchObject(refused);
    const changed = await keys.changeGrants({ ...change, approvals: [first, second] });
    expect(changed.policy.grantsHashHex).toBe('1'.repeat(64));
    expect(changed.epoch).toBeGreaterThan(record.epoch);
    // The answer was lost: the same change is said to be done, another one of that epoch refused.
    expect(await keys.changeGrants({ ...change, approvals: [first, second] })).toEqual(changed);
    const other = { ...change, grantsHashHex: '2'.repeat(64), approvals: [first, second] };
    await expect(keys.changeGrants(other)).rejects.toMatchObject(refused);
  });

  it('C5: officers hand over to others, and those who left decide no more', async () => {
    const gm = await loadGm();
    const people = [1, 2, 3, 4].map(() => gm.sm2.generateKeyPair());
    const hexOf = (index: number) => bytesToHex(people[index]?.publicKey ?? new Uint8Array());
    const officers = { publicKeysHex: [0, 1, 2].map(hexOf), threshold: 2 };
    const grantsHashHex = '0'.repeat(64);
    const { keys, record, use } = await freshKey({ policy: { grantsHashHex, officers } });
    const next = { publicKeysHex: [2, 3].map(hexOf), threshold: 2 };
    const approved = (change: Parameters<typeof grantsChangeBytes>[0], by: readonly number[]) =>
      keys.changeGrants({
        ...change,
        approvals: by.map((index) => ({
          publicKeyHex: hexOf(index),
          signature: gm.sm2.sign(
            people[index]?.privateKey ?? new Uint8Array(),
            grantsChangeBytes(change),
          ),
        })),
      });
    const handOver = { ...use, grantsHashHex, officers: next, epoch: record.epoch };
    const refused = { code: 'activation_refused' };
    await expect(approved(handOver, [0])).rejects.toMatchObject(refused);
    await expect(approved(handOver, [0, 3])).rejects.toMatchObject(refused);
    // Consent to a list is no consent to other officers.
    const { officers: _, ...listOnly } = handOver;
    const bytes = grantsChangeBytes(listOnly);
    const approvals = [0, 1].map((index) => ({
      publicKeyHex: hexOf(index),
      signature: gm.sm2.sign(people[index]?.privateKey ?? new Uint8Array(), bytes),
    }));
    await expect(keys.changeGrants({ ...handOver, approvals })).rejects.toMatchObject(refused);
    const nobody = { ...handOver, officers: { publicKeysHex: [], threshold: 1 } };
    await expect(approved(nobody, [0, 1])).rejects.toMatchObject({ code: 'invalid_request' });
    const { epoch, policy } = await approved(handOver, [0, 1]);
    expect(policy.officers).toEqual(next);
    const change = { ...use, grantsHashHex: '1'.repeat(64), epoch };
    await expect(approved(change, [0, 1])).rejects.toMatchObject(refused);
    expect((await approved(change, [2, 3])).policy.grantsHashHex).toBe('1'.repeat(64));
  });
}
