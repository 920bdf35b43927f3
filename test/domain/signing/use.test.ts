import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { grantTermsHash } from '../../../src/core/grant-list.ts';
import { checkRecord } from '../../../src/core/usage/check-record.ts';
import { decisionText, readDecision, type UseDecision } from '../../../src/core/usage/decision.ts';
import { certificateStateOf } from '../../../src/domain/certificates/find.ts';
import { freezeCertificate, revokeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/id.ts';
import { assessUse } from '../../../src/domain/risk/uses.ts';
import { approvalText, approveOperation } from '../../../src/domain/signing/approvals.ts';
import {
  approveGrantChange,
  getGrantChange,
  grantChangeBytes,
  proposeOfficers,
} from '../../../src/domain/signing/grant-changes.ts';
import { type NewGrant, proposeGrant, revokeGrant } from '../../../src/domain/signing/grants.ts';
import {
  askOperation,
  cancelOperation,
  type NewOperation,
  prepareActivation,
} from '../../../src/domain/signing/operations.ts';
import { withdrawPersonalKey } from '../../../src/domain/signing/personal-keys.ts';
import type { SigningDeps } from '../../../src/domain/signing/ports.ts';
import { entryOf } from '../../../src/domain/signing/rows.ts';
import type { Grant, GrantChange, Operation } from '../../../src/domain/signing/types.ts';
import { completeOperation, executeOperation, resultOf } from '../../../src/domain/signing/use.ts';
import { pendingApprovals } from '../../../src/domain/signing/visibility.ts';
import { base64Bytes, base64Text } from '../../../src/lib/base64.ts';
import { canonicalJson } from '../../../src/lib/canonical-json.ts';
import { asking, type Bank, bank, finish, granted, message } from '../../helpers/bank.ts';
import { people } from '../../helpers/certificates.ts';
import {
  callerOf,
  certifiedTerminal,
  signingDeps,
  type Terminal,
  terminalOf,
} from '../../helpers/signing.ts';

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

/** The open change about a grant. */
async function changeOf({ deps, signing }: Bank, grantId: string): Promise<GrantChange> {
  const filter = { parent: signing.id, state: 'open' };
  const open = await deps.signing.list('beichen-bank', 'grant-change', filter, { limit: 50 });
  const found = open.find((change) => change.grantId === grantId);
  if (!found) throw new Error('no open change');
  return found;
}

async function approvedBy({ deps, officers }: Bank, change: GrantChange): Promise<void> {
  for (const { caller, sign } of officers.slice(0, 2)) {
    const signature = await sign(grantChangeBytes(change));
    await approveGrantChange(deps, caller, { id: change.id, signature });
  }
}

test('C9: a key is withdrawn in an order that loses nothing: nobody is answered, then the certificate, then the share', async () => {
  const deps = signingDeps();
  const person = await certifiedTerminal(deps, 'customer-ding');
  const { caller, key } = person;
  const serial = (await deps.signing.find('beichen-bank', 'personal-key', key.id))
    ?.certificateSerial;
  const append = async () => Promise.reject(new CinnabarError('ledger_unavailable'));
  const silent = { ...deps, ledger: { ...deps.ledger, append } };
  await expect(withdrawPersonalKey(silent, caller, key.id, 'lost')).rejects.toMatchObject({
    code: 'ledger_unavailable',
  });
  await expect(person.signText('anything')).rejects.toMatchObject({ code: 'personal_key_state' });
  // Its share is still there, so that the withdrawal can be gone on with.
  expect((await deps.shares.find('beichen-bank', key.id)).state).toBe('active');
  const { tombstones } = await withdrawPersonalKey(deps, caller, key.id, 'lost');
  expect(tombstones.length).toBeGreaterThanOrEqual(2);
  expect(await certificateStateOf(deps, serial ?? '')).toBe('revoked');
  expect((await deps.shares.find('beichen-bank', key.id)).state).toBe('revoked');
});

test('C9: a key whose making was cut off after the chips had finished leaves no share when it is withdrawn', async () => {
  const deps = signingDeps();
  const caller = callerOf('customer-ding');
  const lost = { ...deps.shares };
  lost.keygenFinish = async (input) => {
    await deps.shares.keygenFinish(input);
    throw new CinnabarError('chips_unavailable');
  };
  await expect(terminalOf({ ...deps, shares: lost }, caller)).rejects.toMatchObject({
    code: 'chips_unavailable',
  });
  const [pending] = await deps.signing.list('beichen-bank', 'personal-key', {}, { limit: 1 });
  const id = pending?.id ?? '';
  expect(pending).toMatchObject({ state: 'pending', publicKeyHex: '' });
  expect((await deps.shares.find('beichen-bank', id)).state).toBe('active');
  const { tombstones } = await withdrawPersonalKey(deps, caller, id);
  expect(tombstones.length).toBeGreaterThanOrEqual(2);
  expect((await deps.shares.find('beichen-bank', id)).state).toBe('revoked');
});

test('C9: a key that is withdrawn while the chips finish it is no key, and leaves no share', async () => {
  const deps = signingDeps();
  const caller = callerOf('customer-ding');
  const overtaken = { ...deps.shares };
  overtaken.keygenFinish = async (input) => {
    const share = await deps.shares.keygenFinish(input);
    await withdrawPersonalKey(deps, caller, input.keyId);
    return share;
  };
  overtaken.attest = async () => ({}) as never;
  await expect(terminalOf({ ...deps, shares: overtaken }, caller)).rejects.toMatchObject({
    code: 'personal_key_state',
  });
  const [key] = await deps.signing.list('beichen-bank', 'personal-key', {}, { limit: 1 });
  expect(key?.state).toBe('withdrawn');
  expect((await deps.shares.find('beichen-bank', key?.id ?? '')).state).toBe('revoked');
});

describe('grants', () => {
  test('C5 A9: an officer whose certificate does not hold neither approves nor counts', async () => {
    const own = await bank();
    const { deps, clerk, officers, signing } = own;
    const [a, b, c] = officers;
    const id = await granted(own, clerk, {}, 'propose only');
    const change = await changeOf(own, id);
    const approve = async ({ caller, sign }: Terminal) =>
      approveGrantChange(deps, caller, {
        id: change.id,
        signature: await sign(grantChangeBytes(change)),
      });
    const certificateOf = async ({ key }: Terminal) =>
      (await deps.signing.find('beichen-bank', 'personal-key', key.id))?.certificateSerial ?? '';
    await approve(a);
    const serialHex = await certificateOf(a);
    const revocation = { serialHex, id: 'r', reason: 'keyCompromise' } as const;
    await revokeCertificate(deps, people.approver, revocation);
    await freezeCertificate(deps, people.approver, { serialHex: await certificateOf(b), id: 'f' });
    await expect(approve(b)).rejects.toMatchObject({
      code: 'operation_refused',
      fields: [{ code: 'certificate_on_hold' }],
    });
    // Two have signed, and one of them counts.
    expect((await approve(c)).state).toBe('open');
    expect((await deps.signing.find('beichen-bank', 'grant', id))?.state).toBe('proposed');
    await thawCertificate(deps, people.approver, { serialHex: await certificateOf(b), id: 't' });
    expect((await approve(b)).state).toBe('done');
    const officer = { officerKeyIds: [a.key.id, b.key.id], threshold: 1 };
    await expect(
      proposeOfficers(deps, callerOf('administrator-zhao', 'administrator'), {
        id: newId(deps),
        institutionKeyId: signing.id,
        ...officer,
      }),
    ).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ pointer: '/body/officerKeyIds/0', code: 'certificate_revoked' }],
    });
  });

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
    // What an officer signed for other terms is no consent to these, whichever term differs.
    const gm = await loadGm();
    const given = change.terms ?? expect.unreachable();
    const others: Partial<typeof given>[] = [
      { actor: 'teller' },
      { operations: ['sign', 'decrypt'] },
      { validUntilMs: given.validUntilMs + 1 },
      { validFromMs: given.validFromMs - 1 },
      { usesMax: 6 },
      { documentTypes: ['payment'] },
      { amountMax: { currency: 'CNY', minor: 1 } },
      { approvalsNeeded: 1 },
    ];
    for (const other of others) {
      const termsHashHex = grantTermsHash(gm, { ...given, ...other });
      const stale = await officers[0].sign(grantChangeBytes({ ...change, termsHashHex }));
      await expect(
        approveGrantChange(deps, officers[0].caller, { id: change.id, signature: stale }),
      ).rejects.toMatchObject({ code: 'signature_invalid' });
    }
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

  test('C5: a right taken back while another is given leaves the chips’ list, whichever comes first', async () => {
    const own = await bank();
    const { deps, clerk, officers, signing } = own;
    const lin = callerOf('administrator-zhao', 'administrator');
    const first = await granted(own, clerk);
    const given = await granted(own, officers[0], { usesMax: 1 }, 'propose only');
    const { change: take } = await revokeGrant(deps, lin, first);
    // Signed with the clerk still in its list, and in force before the change that takes it out.
    await approvedBy(own, await changeOf(own, given));
    const listed = async () => {
      const key = await deps.signing.find('beichen-bank', 'institution-key', signing.id);
      return key?.chipGrants.map(({ publicKeyHex }) => publicKeyHex);
    };
    expect(await listed()).toContain(clerk.key.publicKeyHex);
    expect((await getGrantChange(deps, lin.actor, take?.id ?? '')).state).toBe('outdated');
    // The officers find the next one; asking again for the withdrawal names the same.
    const again = await revokeGrant(deps, lin, first);
    const next = await changeOf(own, first);
    expect(again.change?.id).toBe(next.id);
    await approvedBy(own, next);
    expect(await listed()).toEqual([officers[0].key.publicKeyHex]);
    expect((await revokeGrant(deps, lin, first)).change).toBeUndefined();
  });

  test('C5 C8: what is in force is in the ledger too, also when the last answer was lost', async () => {
    const own = await bank();
    const { deps, clerk, officers } = own;
    const id = await granted(own, clerk, {}, 'propose only');
    const change = await changeOf(own, id);
    const sign = async (by: Terminal, on: SigningDeps) =>
      approveGrantChange(on, by.caller, {
        id: change.id,
        signature: await by.sign(grantChangeBytes(change)),
      });
    await sign(officers[0], deps);
    const appendNext = async () => Promise.reject(new CinnabarError('ledger_unavailable'));
    const silent = { ...deps, ledger: { ...deps.ledger, appendNext } };
    await expect(sign(officers[1], silent)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    expect(await deps.ledger.history(`grant/${id}`)).toHaveLength(0);
    for (let i = 0; i < 2; i++) expect((await sign(officers[1], deps)).state).toBe('done');
    expect(await deps.ledger.history(`grant/${id}`)).toHaveLength(1);
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
    // Behind whatever is newer and for others to approve.
    const { tenant } = asked;
    const others = Array.from({ length: 250 }, () =>
      entryOf('operation', {
        ...asked,
        id: newId(deps),
        institutionKeyId: newId(deps),
        revision: 1,
      }),
    );
    const open = await changeOf(own, await granted(own, officers[1], {}, 'propose only'));
    const past = Array.from({ length: 250 }, () =>
      entryOf('grant-change', { ...open, id: newId(deps), chipEpoch: -1, revision: 1 }),
    );
    expect(await deps.signing.write(tenant, [...others, ...past])).toBe(true);
    const { operations, changes } = await pendingApprovals(deps, officers[2].caller.actor);
    expect(operations.map(({ id }) => id)).toEqual([asked.id]);
    expect(changes.map(({ change }) => change.id)).toEqual([open.id]);
    await expect(approve(clerk)).rejects.toMatchObject({ code: 'own_work' });
    await expect(approve(officers[0])).rejects.toMatchObject({ code: 'forbidden' });
    expect((await approve(officers[2])).state).toBe('approved');
    const { record } = await finish(own, clerk, asked.id);
    expect(record.body.approvals.map(({ actor }) => actor)).toEqual(['officer-c']);
  });
});

describe('the signed decision', () => {
  let own: Bank;
  let grantId: string;
  beforeAll(async () => {
    own = await bank();
    grantId = await granted(own, own.clerk, { usesMax: 40 });
  });

  const prepared = async (more: Partial<NewOperation> = {}) => {
    const request = asking(own, own.clerk, grantId, more);
    await askOperation(own.deps, own.clerk.caller, request);
    const { statement = '' } = await prepareActivation(own.deps, own.clerk.caller, request.id);
    return { id: request.id, signature: await own.clerk.signText(statement) };
  };
  const refusedWith = (code: string) => ({
    code: 'operation_refused',
    fields: expect.arrayContaining([expect.objectContaining({ code })]),
  });
  /** Runs with rows of the store changed, as no call of the service would, and sets them back. */
  const withRow = async <K extends 'grant' | 'operation' | 'personal-key'>(
    kind: K,
    id: string,
    change: object,
    work: () => Promise<void>,
  ) => {
    const { signing } = own.deps;
    const before = await signing.find('beichen-bank', kind, id);
    if (!before) throw new Error('no row');
    const place = { owner: '', parent: '', state: '' };
    const listed = kind === 'grant' ? (before as Grant) : undefined;
    const by = listed
      ? { owner: listed.actor, parent: listed.institutionKeyId, state: listed.state }
      : place;
    const put = async (row: object) => {
      const now = await signing.find('beichen-bank', kind, id);
      const revision = (now?.revision ?? 0) + 1;
      const entry = { kind, row: { ...row, revision }, ...by } as never;
      expect(await signing.write('beichen-bank', [entry])).toBe(true);
    };
    await put({ ...before, ...change });
    await work();
    const { revision: _, ...rest } = before;
    await put(rest);
  };

  test('C4: holds person, role, limits, certificates, time, risk, reason and digest, in words', async () => {
    const { deps, clerk, signing } = own;
    const { operation, record } = await (async () => {
      const request = asking(own, clerk, grantId);
      await askOperation(deps, clerk.caller, request);
      return finish(own, clerk, request.id);
    })();
    const decision = readDecision(operation.decision);
    expect(decision).toMatchObject({
      operation: operation.id,
      tenant: 'beichen-bank',
      key: { id: signing.id, holder: '北辰银行', certificate: { standing: 'good' } },
      person: { actor: 'clerk', role: 'checker', certificate: { standing: 'good' } },
      grant: { usesMax: 40, documentTypes: ['guarantee'], amountMax: { minor: 1_000_000 } },
      use: { digestHex: record.body.receipt.inputHashHex },
      amount: { currency: 'CNY', minor: 500_000 },
      reason: 'guarantee for a supplier',
      risk: { rules: 'cinnabar use risk 1', verdict: 'allow' },
    });
    expect(JSON.parse(operation.decision).words).toEqual({
      zh: 'clerk 使用“北辰银行”的密钥签名，文件类型：guarantee，金额 CNY 5,000.00，用途：guarantee for a supplier',
      en: 'clerk uses the key of “北辰银行” to sign, type guarantee, amount CNY 5,000.00, for: guarantee for a supplier',
    });
    expect(checkRecord(gm, record.body, undefined)).toBeUndefined();
  });

  test('C8: words that say something else than the facts are no decision', async () => {
    const { deps, clerk } = own;
    const asked = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
    for (const [from, to] of [
      ['5,000.00', '50.00'],
      ['"minor":500000', '"minor":500'],
      ['"role":"checker"', '"role": "checker"'],
      ['"verdict":"allow","words"', '"verdict":"allow","worse":1,"words"'],
    ] as const) {
      const changed = asked.decision.replace(from, to);
      expect(changed).not.toBe(asked.decision);
      expect(readDecision(changed), from).toBeUndefined();
    }
  });

  test('C4 C5: what the record leans on is checked offline: limits, time, type, certificates', async () => {
    const { deps, clerk } = own;
    const request = asking(own, clerk, grantId);
    await askOperation(deps, clerk.caller, request);
    const { record } = await finish(own, clerk, request.id);
    const good = readDecision(record.body.decision);
    if (!good) throw new Error('no decision');
    const { grant, person, key } = good;
    const atMs = record.body.receipt.atMs;
    const cases: readonly [string, object][] = [
      ['another operation', { operation: newId(deps) }],
      ['another person', { person: { ...person, actor: 'somebody' } }],
      [
        'another certificate',
        { person: { ...person, certificate: { serial: '00', standing: 'good' } } },
      ],
      [
        'a certificate on hold',
        { key: { ...key, certificate: { ...key.certificate, standing: 'on_hold' } } },
      ],
      ['over the limit', { grant: { ...grant, amountMax: { currency: 'CNY', minor: 499_999 } } }],
      ['a limit unsaid', { amount: undefined }],
      ['too late', { grant: { ...grant, validUntil: new Date(atMs - 1).toISOString() } }],
      ['too early', { grant: { ...grant, validFrom: new Date(atMs + 1).toISOString() } }],
      ['another type', { grant: { ...grant, documentTypes: ['loan'] } }],
      ['not granted', { grant: { ...grant, operations: ['decrypt'] } }],
      ['stopped by risk', { risk: { ...good.risk, verdict: 'terminate' } }],
      ['another digest', { use: { ...good.use, digestHex: '0'.repeat(64) } }],
      ['another reason', { reason: 'none' }],
    ];
    for (const [name, change] of cases) {
      const decision = decisionText({ ...good, ...change } as UseDecision);
      const statement = JSON.parse(record.body.statement);
      const decisionHashHex = bytesToHex(gm.sm3(utf8ToBytes(decision)));
      const text = canonicalJson({ ...statement, decisionHashHex });
      // Signed by the person itself: only what the decision says is wrong.
      const statementSignatureHex = bytesToHex(await clerk.signText(text));
      const body = { ...record.body, decision, statement: text, statementSignatureHex };
      expect(checkRecord(gm, body, undefined), name).toBe('decision_differs');
    }
  });

  test('C4: taken again before the key moves: a window that closed, a right or limit that changed', async () => {
    const { deps, clerk } = own;
    const { signing } = deps;
    const nowMs = deps.clock.now();
    for (const [change, code] of [
      [{ validUntilMs: nowMs - 1 }, 'grant_expired'],
      [{ validFromMs: nowMs + 60_000 }, 'grant_not_yet_valid'],
      [{ operations: ['decrypt'] }, 'operation_not_granted'],
      [{ documentTypes: ['loan'] }, 'document_type_not_granted'],
      [{ amountMax: { currency: 'CNY', minor: 1 } }, 'amount_over_limit'],
      [{ usesMax: 39 }, 'decision_changed'],
    ] as const) {
      const one = await prepared();
      await withRow('grant', grantId, change, async () => {
        const executing = executeOperation(deps, clerk.caller, one);
        await expect(executing, code).rejects.toMatchObject(refusedWith(code));
      });
      expect((await signing.find('beichen-bank', 'operation', one.id))?.state).toBe('approved');
    }
  });

  test('C4: no statement holds longer than the right that it rests on', async () => {
    const { deps, clerk } = own;
    const { id } = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
    const ends = async (id: string) => {
      const { statement = '' } = await prepareActivation(deps, clerk.caller, id);
      return JSON.parse(statement).notAfterMs - deps.clock.now();
    };
    // The clock of the tests goes on with every look at it.
    expect(await ends(id)).toBeGreaterThan(119_000);
    const validUntilMs = deps.clock.now() + 30_000;
    await withRow('grant', grantId, { validUntilMs }, async () => {
      const late = await askOperation(deps, clerk.caller, asking(own, clerk, grantId));
      const left = await ends(late.id);
      expect(left).toBeGreaterThan(29_000);
      expect(left).toBeLessThanOrEqual(30_000);
    });
  });

  test('C4 A9: a certificate that was revoked in between stops the key', async () => {
    const { deps, clerk } = own;
    const one = await prepared();
    const serialHex = (await deps.signing.find('beichen-bank', 'personal-key', clerk.key.id))
      ?.certificateSerial;
    const certificate = await deps.certificates.findCertificate(serialHex ?? '');
    if (!certificate) throw new Error('no certificate');
    const frozen = { ...certificate, state: 'frozen' as const, revision: certificate.revision + 1 };
    await deps.certificates.replaceCertificate(frozen);
    await expect(executeOperation(deps, clerk.caller, one)).rejects.toMatchObject(
      refusedWith('certificate_on_hold'),
    );
    const back = { ...certificate, revision: certificate.revision + 2 };
    await deps.certificates.replaceCertificate(back);
    expect((await executeOperation(deps, clerk.caller, one)).state).toBe('executed');
  });

  test('C9: gone on with after the right ended: the stored result, or no key ever moves', async () => {
    const { deps, clerk } = own;
    const moved = await prepared();
    const still = await prepared();
    // The process ended after the intent was recorded; of one use the key had moved by then.
    const dying = (keys: typeof deps.keys) => ({ ...deps, keys });
    const lost = async () => Promise.reject(new CinnabarError('chips_unavailable'));
    await expect(
      executeOperation(
        dying({ ...deps.keys, sign: (input) => deps.keys.sign(input).then(lost) }),
        clerk.caller,
        moved,
      ),
    ).rejects.toMatchObject({ code: 'chips_unavailable' });
    await expect(
      executeOperation(dying({ ...deps.keys, sign: lost }), clerk.caller, still),
    ).rejects.toMatchObject({ code: 'chips_unavailable' });
    await withRow('grant', grantId, { validUntilMs: deps.clock.now() - 1 }, async () => {
      expect((await executeOperation(deps, clerk.caller, moved)).state).toBe('executed');
      await expect(executeOperation(deps, clerk.caller, still)).rejects.toMatchObject({
        code: 'activation_refused',
      });
    });
    expect((await deps.signing.find('beichen-bank', 'operation', still.id))?.state).toBe('refused');
    await expect(executeOperation(deps, clerk.caller, still)).rejects.toMatchObject({
      code: 'operation_state',
    });
  });

  test('C5: only who may use the key in the same way, now, can approve; a right that ended does not count', async () => {
    const { deps, clerk, officers } = own;
    const [a, b] = officers;
    const needed = await granted(own, clerk, { approvalsNeeded: 1 });
    const decryptOnly = await granted(own, a, { operations: ['decrypt'] });
    const approver = await granted(own, b);
    const ask = () => askOperation(deps, clerk.caller, asking(own, clerk, needed));
    const approve = async (person: Terminal, asked: Operation) =>
      approveOperation(deps, person.caller, {
        id: asked.id,
        personalKeyId: person.key.id,
        signature: await person.signText(await approvalText(asked)),
      });
    expect(decryptOnly).toBeDefined();
    await expect(approve(a, await ask())).rejects.toMatchObject({ code: 'forbidden' });
    await withRow('grant', approver, { validUntilMs: deps.clock.now() - 1 }, async () => {
      await expect(approve(b, await ask())).rejects.toMatchObject({ code: 'forbidden' });
    });
    const asked = await ask();
    await approve(b, asked);
    await withRow('grant', approver, { validUntilMs: deps.clock.now() - 1 }, async () => {
      await expect(prepareActivation(deps, clerk.caller, asked.id)).rejects.toMatchObject(
        refusedWith('approval_lapsed'),
      );
    });
    expect((await finish(own, clerk, asked.id)).operation.state).toBe('completed');
  });

  test('C4 E7: two unusual things ask for another person, a seal in doubt does so alone', () => {
    const nowMs = Date.UTC(2026, 10, 27, 3);
    const day = 24 * 60 * 60 * 1000;
    const earlier = Array.from({ length: 10 }, (_, i) => ({
      atMs: nowMs - (i + 1) * day,
      amountMinor: 1_000,
    }));
    const usual = {
      nowMs,
      amountMinor: 1_000,
      amountMaxMinor: 100_000,
      keyMadeAtMs: nowMs - 9 * day,
      failedRuns: 0,
      earlier,
      sealInDoubt: false,
    };
    expect(assessUse(usual)).toMatchObject({ verdict: 'allow', score: 0, reasons: [] });
    expect(assessUse({ ...usual, amountMinor: 20_000 })).toMatchObject({ verdict: 'allow' });
    expect(assessUse({ ...usual, amountMinor: 20_000, keyMadeAtMs: nowMs })).toMatchObject({
      verdict: 'challenge',
      reasons: [
        { rule: 'amount_unusual', seen: 20, threshold: 10 },
        { rule: 'device_new', seen: 0, threshold: 1 },
      ],
    });
    expect(assessUse({ ...usual, sealInDoubt: true }).verdict).toBe('challenge');
    const night = { ...usual, nowMs: nowMs + 12 * 60 * 60 * 1000 };
    expect(assessUse(night).reasons).toMatchObject([{ rule: 'hour_unusual', seen: 0 }]);
    const heap = { ...night, amountMinor: 95_000, keyMadeAtMs: night.nowMs, failedRuns: 1 };
    expect(assessUse({ ...heap, sealInDoubt: true }).verdict).toBe('terminate');
  });

  test('C6: what is signed and what was decrypted rest nowhere as they are', async () => {
    const { deps, clerk, officers, encryption, signing } = own;
    const secret = 'rest-nowhere-as-it-is';
    const openGrant = await granted({ ...own, signing: encryption }, clerk, {
      operations: ['decrypt'],
      documentTypes: [],
      amountMax: null,
    });
    const sealed = gm.sm2.encrypt(hexToBytes(encryption.publicKeyHex), utf8ToBytes(secret));
    const { amount: _, ...terms } = asking({ ...own, signing: encryption }, clerk, openGrant, {
      request: { kind: 'decrypt', scheme: 'sm2', ciphertextB64: base64Text(sealed) },
    });
    await askOperation(deps, clerk.caller, terms);
    const opened = await finish(own, clerk, terms.id);
    expect(new TextDecoder().decode(await resultOf(deps, opened.operation))).toBe(secret);
    const text = {
      kind: 'sign',
      scheme: 'sm2-sm3',
      messageB64: base64Text(utf8ToBytes(secret)),
    } as const;
    const signed = asking(own, clerk, grantId, { request: text });
    await askOperation(deps, clerk.caller, signed);
    await finish(own, clerk, signed.id);
    const kinds = ['operation', 'document', 'record', 'grant', 'personal-key'] as const;
    const rows = await Promise.all(
      kinds.map((kind) => deps.signing.list('beichen-bank', kind, {}, { limit: 500 })),
    );
    const keys = rows.flat().flatMap((row) => ('objectKey' in row ? [row.objectKey] : []));
    expect(keys.length).toBeGreaterThan(1);
    const objects = await Promise.all(keys.map((key) => deps.objects.get(key)));
    const audit = await deps.audit.list('beichen-bank', { limit: 500 });
    const ledger = await deps.ledger.history(`use/${signing.id}`);
    const rest = JSON.stringify([rows, audit, ledger, officers.map(({ key }) => key)]);
    const forms = [secret, base64Text(utf8ToBytes(secret)), bytesToHex(utf8ToBytes(secret))];
    for (const form of forms) {
      expect(rest.includes(form)).toBe(false);
      for (const object of objects) {
        expect(
          Buffer.from(object ?? [])
            .toString('latin1')
            .includes(form),
        ).toBe(false);
      }
    }
  });
});
