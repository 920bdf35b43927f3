import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { newId } from '../../../src/domain/id.ts';
import { approveGrantChange, grantChangeBytes } from '../../../src/domain/signing/grant-changes.ts';
import { type NewGrant, proposeGrant, revokeGrant } from '../../../src/domain/signing/grants.ts';
import {
  approvalText,
  approveOperation,
  askOperation,
  cancelOperation,
  type NewOperation,
  prepareActivation,
} from '../../../src/domain/signing/operations.ts';
import { completeOperation, executeOperation } from '../../../src/domain/signing/use.ts';
import { base64Bytes } from '../../../src/lib/base64.ts';
import { asking, type Bank, bank, finish, granted, message } from '../../helpers/bank.ts';
import { callerOf, type Terminal } from '../../helpers/signing.ts';

const gm = await loadGm();
const day = 24 * 60 * 60 * 1000;

describe("use of an institution's key", () => {
  let shared: Bank;
  let grantId: string;
  beforeAll(async () => {
    shared = await bank();
    grantId = await granted(shared, shared.clerk);
  });

  test('C4 C6 C7: a granted person signs with it, and the signed record stands in the ledger', async () => {
    const { deps, clerk, signing } = shared;
    const asked = await askOperation(deps, clerk.caller, asking(shared, clerk, grantId));
    expect(asked.state).toBe('approved');
    const { operation, record } = await finish(shared, clerk, asked.id);
    expect(operation.state).toBe('completed');
    const signature = base64Bytes(operation.result?.valueB64 ?? '') ?? new Uint8Array();
    expect(gm.sm2.verify(hexToBytes(signing.publicKeyHex), message, signature)).toBe(true);
    const { body } = record;
    const person = hexToBytes(clerk.key.publicKeyHex);
    for (const [text, hex] of [
      [body.statement, body.statementSignatureHex],
      [body.outcome, body.outcomeSignatureHex],
    ] as const) {
      expect(gm.sm2.verify(person, utf8ToBytes(text), hexToBytes(hex))).toBe(true);
    }
    const history = await deps.ledger.history(`use/${signing.id}`);
    expect(history.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ type: 'key_usage', recordSha256: record.recordSha256 }),
    );
    expect(record.place?.proof).toBeDefined();
  });

  test('C7: the same operation again gives the stored result, never a second signature', async () => {
    const { deps, clerk } = shared;
    const request = asking(shared, clerk, grantId);
    await askOperation(deps, clerk.caller, request);
    const first = await finish(shared, clerk, request.id);
    expect(await askOperation(deps, clerk.caller, request)).toEqual(first.operation);
    const anything = new Uint8Array(70);
    const again = { id: request.id, signature: anything };
    expect(await executeOperation(deps, clerk.caller, again)).toEqual(first.operation);
    expect(await completeOperation(deps, clerk.caller, again)).toEqual(first);
  });

  test('C7: without a signature over the outcome there is no result', async () => {
    const { deps, clerk } = shared;
    const request = asking(shared, clerk, grantId);
    await askOperation(deps, clerk.caller, request);
    const { statement = '' } = await prepareActivation(deps, clerk.caller, request.id);
    await executeOperation(deps, clerk.caller, {
      id: request.id,
      signature: await clerk.signText(statement),
    });
    const wrong = { id: request.id, signature: await clerk.signText('something else') };
    await expect(completeOperation(deps, clerk.caller, wrong)).rejects.toMatchObject({
      code: 'signature_invalid',
    });
  });

  test.each<[string, Partial<NewOperation>, string]>([
    [
      'another operation',
      { request: { kind: 'decrypt', scheme: 'sm2', ciphertextB64: '' } },
      'operation_not_granted',
    ],
    ['another type of document', { documentType: 'loan' }, 'document_type_not_granted'],
    ['a larger amount', { amount: { currency: 'CNY', minor: 1_000_001 } }, 'amount_over_limit'],
    ['another currency', { amount: { currency: 'USD', minor: 1 } }, 'amount_not_granted'],
  ])('C5: %s is not allowed', async (_, more, code) => {
    const { deps, clerk } = shared;
    await expect(
      askOperation(deps, clerk.caller, asking(shared, clerk, grantId, more)),
    ).rejects.toMatchObject({ code: 'operation_refused', fields: [{ code }] });
  });

  test('C5: a limit on the amount is not passed by naming none', async () => {
    const { deps, clerk } = shared;
    const { amount: _, ...unsaid } = asking(shared, clerk, grantId);
    await expect(askOperation(deps, clerk.caller, unsaid)).rejects.toMatchObject({
      code: 'operation_refused',
      fields: [{ pointer: '/body/amount', code: 'required' }],
    });
  });

  test('C5: nobody else can use the grant, or see the operation', async () => {
    const { deps, clerk, officers } = shared;
    const [officer] = officers;
    const request = asking(shared, officer, grantId);
    await expect(askOperation(deps, officer.caller, request)).rejects.toMatchObject({
      code: 'operation_refused',
    });
    const own = asking(shared, clerk, grantId);
    await askOperation(deps, clerk.caller, own);
    await expect(prepareActivation(deps, officer.caller, own.id)).rejects.toMatchObject({
      code: 'operation_not_found',
    });
    const cancelled = await cancelOperation(deps, clerk.caller, own.id);
    expect(cancelled.state).toBe('cancelled');
    await expect(prepareActivation(deps, clerk.caller, own.id)).rejects.toMatchObject({
      code: 'operation_state',
    });
  });

  test('C9: the chips themselves refuse what the person did not state', async () => {
    const { deps, clerk, officers, signing } = shared;
    const request = asking(shared, clerk, grantId);
    await askOperation(deps, clerk.caller, request);
    const { statement = '' } = await prepareActivation(deps, clerk.caller, request.id);
    const signature = await clerk.signText(statement);
    const key = await deps.signing.find('beichen-bank', 'institution-key', signing.id);
    const grants = key?.chipGrants ?? [];
    const use = {
      tenant: 'beichen-bank',
      keyId: signing.id,
      requestId: request.id,
      scheme: 'sm2-sm3',
      message,
    } as const;
    const activation = { statement, signature, grants };
    const refused = { code: 'activation_refused' };
    const other = { ...use, message: utf8ToBytes('another text') };
    await expect(deps.keys.sign({ ...other, activation })).rejects.toMatchObject(refused);
    await expect(deps.keys.sign(use)).rejects.toMatchObject(refused);
    const officer = await officers[0].signText(statement);
    await expect(
      deps.keys.sign({ ...use, activation: { ...activation, signature: officer } }),
    ).rejects.toMatchObject(refused);
    const wider = [
      ...grants,
      { publicKeyHex: officers[0].key.publicKeyHex, operations: ['sign'] as const },
    ];
    await expect(
      deps.keys.sign({ ...use, activation: { ...activation, grants: wider, signature: officer } }),
    ).rejects.toMatchObject(refused);
  });
});

describe('grants', () => {
  test('C5: holds from the second officer on, and is taken back at once', async () => {
    const own = await bank();
    const { deps, clerk, officers, signing } = own;
    const lin = callerOf('administrator-zhao', 'administrator');
    const nowMs = deps.clock.now();
    const terms: NewGrant = {
      id: newId(deps),
      institutionKeyId: signing.id,
      actor: 'clerk',
      personalKeyId: clerk.key.id,
      operations: ['sign'],
      validFromMs: nowMs,
      validUntilMs: nowMs + day,
      usesMax: 5,
      documentTypes: [],
      approvalsNeeded: 0,
    };
    const { grant, change } = await proposeGrant(deps, lin, terms);
    const { amount: _, ...request } = asking(own, clerk, grant.id);
    const ask = () => askOperation(deps, clerk.caller, { ...request, id: newId(deps) });
    await expect(ask()).rejects.toMatchObject({ code: 'operation_refused' });
    const signature = await officers[0].sign(grantChangeBytes(change));
    await approveGrantChange(deps, officers[0].caller, { id: change.id, signature });
    await expect(ask()).rejects.toMatchObject({ code: 'operation_refused' });
    await expect(
      approveGrantChange(deps, clerk.caller, {
        id: change.id,
        signature: await clerk.sign(grantChangeBytes(change)),
      }),
    ).rejects.toMatchObject({ code: 'forbidden' });
    await approveGrantChange(deps, officers[1].caller, {
      id: change.id,
      signature: await officers[1].sign(grantChangeBytes(change)),
    });
    const asked = await ask();
    const { statement = '' } = await prepareActivation(deps, clerk.caller, asked.id);
    const signed = await clerk.signText(statement);
    await revokeGrant(deps, lin, grant.id);
    await expect(ask()).rejects.toMatchObject({ code: 'operation_refused' });
    await expect(
      executeOperation(deps, clerk.caller, { id: asked.id, signature: signed }),
    ).rejects.toMatchObject({ code: 'operation_refused' });
    const events = await deps.ledger.history(`grant/${grant.id}`);
    expect(events.map(({ event }) => event)).toMatchObject([
      { type: 'grant', state: 'active' },
      { type: 'grant', state: 'revoked' },
    ]);
  });

  test('C5: a limit of uses is exact, however many ask at once', async () => {
    const own = await bank();
    const { deps, clerk } = own;
    const grantId = await granted(own, clerk, { usesMax: 3 });
    const prepared = [];
    for (let i = 0; i < 6; i++) {
      const { id } = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
      const { statement = '' } = await prepareActivation(deps, clerk.caller, id);
      prepared.push({ id, signature: await clerk.signText(statement) });
    }
    const outcomes = await Promise.allSettled(
      prepared.map((one) => executeOperation(deps, clerk.caller, one)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  test('C5: a use that needs two people waits for the second one', async () => {
    const own = await bank();
    const { deps, clerk, officers } = own;
    const grantId = await granted(own, clerk, { approvalsNeeded: 1 });
    await granted(own, officers[2]);
    const asked = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
    expect(asked.state).toBe('asked');
    await expect(prepareActivation(deps, clerk.caller, asked.id)).rejects.toMatchObject({
      code: 'operation_state',
    });
    const text = await approvalText(asked);
    const approve = async (person: Terminal) =>
      approveOperation(deps, person.caller, {
        id: asked.id,
        personalKeyId: person.key.id,
        signature: await person.signText(text),
      });
    await expect(approve(clerk)).rejects.toMatchObject({ code: 'own_work' });
    await expect(approve(officers[0])).rejects.toMatchObject({ code: 'forbidden' });
    expect((await approve(officers[2])).state).toBe('approved');
    const { record } = await finish(own, clerk, asked.id);
    expect(record.body.approvals.map(({ actor }) => actor)).toEqual(['officer-c']);
  });
});
