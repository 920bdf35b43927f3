import { hexToBytes } from '@noble/hashes/utils.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { verifyUsageExport } from '../../../src/core/usage/verify.ts';
import { applyForCertificate } from '../../../src/domain/certificates/apply.ts';
import { standingOf } from '../../../src/domain/certificates/find.ts';
import { renewCertificate } from '../../../src/domain/certificates/renew.ts';
import { rejectApplication } from '../../../src/domain/certificates/review.ts';
import { freezeCertificate } from '../../../src/domain/certificates/status.ts';
import { newId } from '../../../src/domain/id.ts';
import { serialOf } from '../../../src/domain/signing/decide.ts';
import {
  approveGrantChange,
  grantChangeBytes,
  proposeOfficers,
} from '../../../src/domain/signing/grant-changes.ts';
import {
  getGrant,
  getInstitutionKey,
  listGrants,
  revokeGrant,
} from '../../../src/domain/signing/grants.ts';
import { askOperation } from '../../../src/domain/signing/operations.ts';
import { renewInstitutionKeys } from '../../../src/domain/signing/renew-institution.ts';
import type { InstitutionKey } from '../../../src/domain/signing/types.ts';
import { resultOf } from '../../../src/domain/signing/use.ts';
import { base64Text } from '../../../src/lib/base64.ts';
import { asking, type Bank, bank, finish, granted, message } from '../../helpers/bank.ts';
import { people, requestedSettings } from '../../helpers/certificates.ts';
import { dyingPorts, neverCalled } from '../../helpers/dying.ts';
import { callerOf, identifiedInForce } from '../../helpers/signing.ts';
import { exportOf } from '../../helpers/usage-export.ts';

const gm = await loadGm();
const day = 24 * 60 * 60 * 1000;
const administrator = callerOf('administrator-zhao', 'administrator');

describe("renewal of an institution's keys", () => {
  let own: Bank;
  let signGrant: string;
  let openGrant: string;
  beforeEach(async () => {
    own = await bank();
    const terms = { documentTypes: [], amountMax: null, validUntilMs: 4_000_000_000_000 };
    signGrant = await granted(own, own.clerk, terms);
    openGrant = await granted({ ...own, signing: own.encryption }, own.clerk, {
      ...terms,
      operations: ['decrypt'],
    });
  });

  const renewed = (id = newId(own.deps), keyId = own.signing.id) =>
    renewInstitutionKeys(own.deps, administrator, { id, keyId });

  const grantsOf = async ({ id }: InstitutionKey) =>
    (await listGrants(own.deps, administrator.actor, id, { limit: 10 })).items;

  async function standing(key: InstitutionKey) {
    const serial = (await serialOf(own.deps, key)) ?? '';
    const certificate = await own.deps.certificates.findCertificate(serial);
    return certificate && standingOf(certificate, own.deps.clock.now());
  }

  /** Signs or opens with a key, from the question to the record. */
  async function use(key: InstitutionKey, grantId: string) {
    const { deps, clerk } = own;
    const ciphertext = () => gm.sm2.encrypt(hexToBytes(key.publicKeyHex), message);
    const request =
      key.purpose === 'signature'
        ? ({ kind: 'sign', scheme: 'sm2-sm3', messageB64: base64Text(message) } as const)
        : ({ kind: 'decrypt', scheme: 'sm2', ciphertextB64: base64Text(ciphertext()) } as const);
    const { amount: _, ...terms } = asking({ ...own, signing: key }, clerk, grantId, { request });
    await askOperation(deps, clerk.caller, terms);
    const { operation } = await finish(own, clerk, terms.id);
    return base64Text(await resultOf(deps, operation));
  }

  test('C1 C5: fresh keys under the same officers, with the grants of before, supersede the old ones', async () => {
    await use(own.signing, signGrant);
    const { application, keys } = await renewed();
    const [signing, encryption] = keys;
    if (!signing || !encryption) throw new Error('no keys');
    expect(keys.map(({ renews }) => renews)).toEqual([own.signing.id, own.encryption.id]);
    expect(signing.publicKeyHex).not.toBe(own.signing.publicKeyHex);
    for (const key of keys) {
      expect(key.officers).toEqual(own.signing.officers);
      const { policy } = await own.deps.keys.find(key.tenant, key.id);
      expect(policy.officers?.threshold).toBe(2);
      expect(key.chipGrants).toHaveLength(1);
    }
    const [right] = await grantsOf(signing);
    expect(right).toMatchObject({ state: 'active', used: 1, actor: 'clerk' });
    // Nothing changes before the authority has agreed and the new certificates are thawed.
    await expect(use(signing, right?.id ?? '')).rejects.toMatchObject({
      code: 'operation_refused',
      fields: [{ pointer: '/params/id', code: 'certificate_unknown' }],
    });
    await use(own.signing, signGrant);
    await identifiedInForce(own.deps, application.id);
    expect(await standing(own.signing)).toBe('superseded');
    expect(await standing(own.encryption)).toBe('superseded');
    expect(await standing(signing)).toBe('good');
    const successor = await own.deps.certificates.findCertificate(
      (await serialOf(own.deps, signing)) ?? '',
    );
    const old = await own.deps.certificates.findCertificate(
      (await serialOf(own.deps, own.signing)) ?? '',
    );
    expect(successor?.renewsSubject).toBe(old?.ledgerSubject);
    await expect(use(own.signing, signGrant)).rejects.toMatchObject({
      fields: [{ pointer: '/params/id', code: 'certificate_superseded' }],
    });
    expect(await use(signing, right?.id ?? '')).toMatch(/^[0-9A-Za-z+/=]+$/);
    const history = await own.deps.ledger.history(`grant/${right?.id}`);
    expect(history.map(({ event }) => event)).toMatchObject([{ type: 'grant', state: 'active' }]);
  });

  test('C4: what was encrypted before opens with the old key, also after its certificate ended', async () => {
    const { application } = await renewed();
    await identifiedInForce(own.deps, application.id);
    expect(await use(own.encryption, openGrant)).toBe(base64Text(message));
    // The decision says how the certificate stood, and the export is verified offline with that.
    const { trust, text } = await exportOf({ ...own, signing: own.encryption });
    const verdict = await verifyUsageExport(text, trust, own.deps.clock.now());
    expect(verdict.code).toBeUndefined();
    expect(text.match(/"standing\\":\\"superseded/g)).toHaveLength(1);
    own.deps.clock.advance(1100 * day);
    // People's certificates are shorter: who was late has a fresh key by then. The officers' old
    // keys hand over to it, and give nobody a right.
    const { clerk, officers } = await bank(own.deps);
    const terms = { documentTypes: [], amountMax: null, operations: ['decrypt'] } as const;
    const late = { ...own, clerk, signing: own.encryption };
    await expect(granted(late, clerk, terms)).rejects.toMatchObject({
      fields: [{ code: 'certificate_expired' }],
    });
    const change = await proposeOfficers(own.deps, administrator, {
      id: newId(own.deps),
      institutionKeyId: own.encryption.id,
      officerKeyIds: officers.map(({ key }) => key.id),
      threshold: 2,
    });
    for (const { caller, sign } of own.officers.slice(0, 2)) {
      const signature = await sign(grantChangeBytes(change));
      await approveGrantChange(own.deps, caller, { id: change.id, signature });
    }
    own = { ...own, clerk, officers };
    const later = { ...own, signing: own.encryption };
    expect(await use(own.encryption, await granted(later, clerk, terms))).toBe(base64Text(message));
    // It is called superseded after its end, too.
    const whole = await exportOf(later);
    const wholeVerdict = await verifyUsageExport(whole.text, whole.trust, own.deps.clock.now());
    expect(wholeVerdict.code).toBeUndefined();
    expect(whole.text.match(/"standing\\":\\"superseded/g)).toHaveLength(2);
  });

  test('C4: a key whose certificate is on hold opens nothing, and a renewal leaves it there', async () => {
    const serialHex = (await serialOf(own.deps, own.encryption)) ?? '';
    await freezeCertificate(own.deps, people.approver, { serialHex, id: 'hold' });
    await expect(use(own.encryption, openGrant)).rejects.toMatchObject({
      fields: [{ pointer: '/params/id', code: 'certificate_on_hold' }],
    });
    // One on hold is not taken off it by a renewal.
    const { application } = await renewed();
    await identifiedInForce(own.deps, application.id);
    expect(await standing(own.encryption)).toBe('on_hold');
    expect(await standing(own.signing)).toBe('superseded');
  });

  test('C5: a right taken back at the old key is taken back at the new one', async () => {
    const { keys } = await renewed();
    const [signing] = keys;
    if (!signing) throw new Error('no key');
    const [copy] = await grantsOf(signing);
    await revokeGrant(own.deps, administrator, signGrant);
    expect((await getGrant(own.deps, administrator.actor, copy?.id ?? '')).state).toBe('revoked');
    const changes = await own.deps.signing.list(
      signing.tenant,
      'grant-change',
      { parent: signing.id },
      { limit: 5 },
    );
    expect(changes).toMatchObject([{ action: 'take', list: [], state: 'open' }]);
  });

  test('C1: one renewal at a time, and another once it was turned down', async () => {
    const { application } = await renewed();
    await expect(renewed()).rejects.toMatchObject({ code: 'key_renewed' });
    await expect(renewed(undefined, own.encryption.id)).rejects.toMatchObject({
      code: 'key_renewed',
    });
    await rejectApplication(own.deps, people.approver, application.id, 'not now');
    const { keys } = await renewed();
    expect(keys).toHaveLength(2);
  });

  test('C1: a renewal that dies at any write and is repeated is whole, and was done once', async () => {
    const id = newId(own.deps);
    const writes = {
      signing: ['write'],
      certificates: ['addApplication'],
      keys: ['create'],
      ledger: ['appendNext'],
    };
    const called = new Set<string>();
    for (let fatal = 1; ; fatal++) {
      const dying = dyingPorts(own.deps, fatal, writes, called);
      const request = { id, keyId: own.signing.id };
      const isDone = await renewInstitutionKeys(dying, administrator, request).then(
        () => true,
        () => false,
      );
      if (isDone) break;
    }
    expect(neverCalled(writes, called)).toEqual([]);
    const { keys } = await renewed(id);
    for (const key of keys) {
      expect(await getInstitutionKey(own.deps, administrator.actor, key.id)).toEqual(key);
      const rights = await grantsOf(key);
      expect(rights).toHaveLength(1);
      expect(await own.deps.ledger.history(`grant/${rights[0]?.id}`)).toHaveLength(1);
    }
  });

  test('C1: keys in the chips that no officers govern are not made, at first or by renewal', async () => {
    const application = {
      id: newId(own.deps),
      kind: 'institution',
      algorithm: 'sm2',
      subject: { commonName: '北辰银行', organization: '北辰银行', country: 'CN' },
      dnsNames: [],
      requested: requestedSettings,
    } as const;
    const grantsHashHex = '00'.repeat(32);
    for (const keyPolicies of [undefined, {}, { signature: { grantsHashHex } }]) {
      const input = { ...application, ...(keyPolicies ? { keyPolicies } : {}) };
      await expect(applyForCertificate(own.deps, administrator, input)).rejects.toMatchObject({
        code: 'officers_required',
      });
    }
    const serialHex = (await serialOf(own.deps, own.signing)) ?? '';
    const renewal = { id: newId(own.deps), serialHex };
    await expect(renewCertificate(own.deps, administrator, renewal)).rejects.toMatchObject({
      code: 'officers_required',
    });
  });
});
