import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../../src/core/pki/certificate.ts';
import {
  applyForCertificate,
  getApplication,
  withdrawApplication,
} from '../../../src/domain/certificates/apply.ts';
import { certificateStateOf, settingsOf } from '../../../src/domain/certificates/find.ts';
import { issueCertificates } from '../../../src/domain/certificates/issue.ts';
import {
  approveApplication,
  identifyApplicant,
  rejectApplication,
} from '../../../src/domain/certificates/review.ts';
import { currentCrl, deltaCrl } from '../../../src/domain/certificates/revocation.ts';
import { freezeCertificate, revokeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { verifyCertificate } from '../../../src/domain/certificates/verify.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { localSigner } from '../../helpers/certificate-keys.ts';
import {
  approvedApplication,
  certificateDeps,
  certificateRequest,
  frozenCertificate,
  people,
  personApplication,
} from '../../helpers/certificates.ts';

const unavailable = new CinnabarError('ledger_unavailable');

const holds = (list: Uint8Array, serial: Uint8Array) =>
  bytesToHex(list).includes(bytesToHex(serial));

/** What anybody is told who verifies it again now. */
const verdictNow = async (deps: ReturnType<typeof certificateDeps>, serialHex: string) =>
  (await verifyCertificate(deps, people.approver, serialHex)).verdict;

describe.each(['sm2', 'p256'] as const)('a certificate over %s', (algorithm) => {
  it('A7 A8 A9 A10 A11: is frozen, verified against the ledger, thawed, set and delivered', async () => {
    const deps = certificateDeps();
    const frozen = await frozenCertificate(deps, algorithm);
    expect(frozen).toMatchObject({ state: 'frozen', delivery: 'none' });
    expect(await certificateStateOf(deps, frozen.serialHex)).toBe('on_hold');
    const { verdict } = await verifyCertificate(deps, people.approver, frozen.serialHex);
    expect(verdict.steps.filter(({ ok }) => !ok)).toEqual([]);
    const { serialHex } = frozen;
    const thawed = await thawCertificate(deps, people.approver, { serialHex, id: 'thaw-1' });
    expect(thawed).toMatchObject({ state: 'active', delivery: 'delivered' });
    expect(await certificateStateOf(deps, serialHex)).toBe('good');
    expect(await verdictNow(deps, serialHex)).toMatchObject({ ok: true });
    expect(await settingsOf(deps, serialHex)).toMatchObject({
      permissions: ['view', 'make', 'check'],
    });
    const history = await deps.ledger.history(frozen.ledgerSubject);
    expect(history.map(({ event }) => event.type)).toEqual([
      'frozen',
      'thawed',
      'settings',
      'issued',
    ]);
  });

  it('A12: is put on hold, released and revoked, and every move is in the ledger', async () => {
    const deps = certificateDeps();
    const { serialHex, ledgerSubject } = await frozenCertificate(deps, algorithm);
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw-1' });
    await freezeCertificate(deps, people.approver, { serialHex, id: 'a' });
    expect(await verdictNow(deps, serialHex)).toMatchObject({ ok: false, code: 'newer_event' });
    expect(await certificateStateOf(deps, serialHex)).toBe('on_hold');
    expect(await settingsOf(deps, serialHex)).toBeUndefined();
    await thawCertificate(deps, people.approver, { serialHex, id: 'b' });
    expect(await verdictNow(deps, serialHex)).toMatchObject({ ok: true });
    expect(await certificateStateOf(deps, serialHex)).toBe('good');
    await revokeCertificate(deps, people.approver, { serialHex, id: 'c', reason: 'keyCompromise' });
    expect(await certificateStateOf(deps, serialHex)).toBe('revoked');
    expect(await verdictNow(deps, serialHex)).toMatchObject({ ok: false, code: 'newer_event' });
    const history = await deps.ledger.history(ledgerSubject);
    expect(history.map(({ event }) => event.type).slice(4)).toEqual([
      'suspended',
      'resumed',
      'revoked',
    ]);
  });
});

describe('A12: a revocation list', () => {
  it('has a revocation that was begun before it and written down after it', async () => {
    const deps = certificateDeps();
    const { serialHex } = await frozenCertificate(deps, 'p256');
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw-1' });
    const issuer = { algorithm: 'p256', generation: 1 } as const;
    const listed = async () => {
      const { der } = await currentCrl(deps, issuer);
      return [der, await deltaCrl(deps, issuer)].map((list) => holds(list, hexToBytes(serialHex)));
    };
    // Somebody asks for the list exactly between the look at the clock and the writing of the row.
    const write = deps.certificates.replaceCertificate;
    let between: boolean[] | undefined;
    const replaceCertificate: typeof write = async (row) => {
      if (row.pending?.action === 'revoke') between = await listed();
      return write(row);
    };
    const ledger = { ...deps.ledger, append: () => Promise.reject(unavailable) };
    const slow = { ...deps, ledger, certificates: { ...deps.certificates, replaceCertificate } };
    const input = { serialHex, id: 'r', reason: 'keyCompromise' } as const;
    await expect(revokeCertificate(slow, people.approver, input)).rejects.toBe(unavailable);
    expect(between?.[0]).toBe(false);
    expect(await listed()).toEqual([true, true]);
  });
});

describe('A7: a short-lived certificate', () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const apply = async (deps: ReturnType<typeof certificateDeps>, livesMs: number) => {
    const notAfterMs = deps.clock.now() + livesMs;
    const wish = { ...(await personApplication(deps, 'p256')), notAfterMs };
    const { id } = await applyForCertificate(deps, people.applicant, wish);
    await identifyApplicant(deps, people.officer, id, { passed: true, reference: 'F-1' });
    return { id, notAfterMs };
  };

  it('ends when its applicant asked, and is then expired', async () => {
    const deps = certificateDeps();
    const { id, notAfterMs } = await apply(deps, 5 * 60_000);
    await approveApplication(deps, people.approver, id);
    const [made] = await issueCertificates(deps, people.approver, id);
    const serialHex = made?.serialHex ?? '';
    await thawCertificate(deps, people.approver, { serialHex, id: 'thaw-1' });
    const endMs = notAfterMs - (notAfterMs % 1000);
    expect(made?.notAfterMs).toBe(endMs);
    expect(parseCertificate(made?.der ?? new Uint8Array()).notAfterMs).toBe(endMs);
    expect(await certificateStateOf(deps, serialHex)).toBe('good');
    deps.clock.advance(5 * 60_000);
    expect(await certificateStateOf(deps, serialHex)).toBe('expired');
    expect(await settingsOf(deps, serialHex)).toBeUndefined();
  });

  it.each([
    ['past', -1],
    ['too_late', 366 * dayMs],
  ])('is refused with %s when it would end after %i ms', async (code, livesMs) => {
    const refusal = { code: 'invalid_request', fields: [{ pointer: '/body/notAfter', code }] };
    await expect(apply(certificateDeps(), livesMs)).rejects.toMatchObject(refusal);
  });

  it('is not made after its end, before or after its approval, and can still be rejected', async () => {
    const deps = certificateDeps();
    const passed = { code: 'requested_end_passed' };
    const waits = await apply(deps, 60_000);
    const approved = await apply(deps, 60_000);
    await approveApplication(deps, people.approver, approved.id);
    deps.clock.advance(60_000);
    await expect(approveApplication(deps, people.approver, waits.id)).rejects.toMatchObject(passed);
    await expect(issueCertificates(deps, people.approver, approved.id)).rejects.toMatchObject(
      passed,
    );
    for (const { id } of [waits, approved]) {
      expect(await rejectApplication(deps, people.approver, id, 'too late')).toMatchObject({
        state: 'rejected',
      });
    }
  });
});

describe('A7: one key', () => {
  const keyInUse = { code: 'key_in_use' };

  it('has one certificate, though two applications over it were open and approved', async () => {
    const deps = certificateDeps();
    const request = await certificateRequest(await localSigner('p256'));
    const first = await approvedApplication(deps, 'p256', request);
    const second = await approvedApplication(deps, 'p256', request);
    const { id: third } = await applyForCertificate(deps, people.applicant, {
      ...(await personApplication(deps, 'p256')),
      request,
    });
    await identifyApplicant(deps, people.officer, third, { passed: true, reference: 'F-1' });
    const issue = (id: string) => issueCertificates(deps, people.approver, id);
    const issued = await issue(second);
    expect(issued).toHaveLength(1);
    await expect(issue(first)).rejects.toMatchObject(keyInUse);
    expect(await issue(second)).toEqual(issued);
    const { tenant } = people.approver.actor;
    expect(await deps.certificates.listCertificates(tenant, {}, { limit: 9 })).toEqual(issued);
    // The one that came too late is closed with its reason, the one with a certificate is not.
    const close = (id: string) => rejectApplication(deps, people.approver, id, 'key_in_use');
    expect(await close(first)).toMatchObject({ state: 'rejected', reason: 'key_in_use' });
    await expect(close(second)).rejects.toMatchObject({ code: 'application_state' });
    await expect(issue(first)).rejects.toMatchObject({ code: 'application_state' });
    // One that waits is refused while it can still be rejected.
    await expect(approveApplication(deps, people.approver, third)).rejects.toMatchObject(keyInUse);
    expect(await close(third)).toMatchObject({ state: 'rejected' });
  });

  it('A6: an approved application ends once: issued or closed, never both', async () => {
    const deps = certificateDeps();
    for (let round = 0; round < 12; round++) {
      const id = await approvedApplication(deps, 'p256');
      const close = () =>
        round % 2 === 0
          ? withdrawApplication(deps, people.applicant, id)
          : rejectApplication(deps, people.approver, id, 'not_needed');
      // A different number of steps ahead each time.
      const ahead = Promise.all([issueCertificates(deps, people.approver, id)]).catch(() => []);
      for (let step = 0; step < round * 3; step++) await Promise.resolve();
      await close().catch(() => undefined);
      await ahead;
      const made = await deps.certificates.listCertificates(
        people.approver.actor.tenant,
        { applicationId: id },
        { limit: 9 },
      );
      const { state } = await getApplication(deps, people.officer.actor, id);
      expect(state, `round ${round}`).toBe(
        made.length > 0 ? 'issued' : round % 2 === 0 ? 'withdrawn' : 'rejected',
      );
    }
  });

  it.each([
    ['keyCompromise', false],
    ['superseded', true],
  ] as const)('that was revoked as %s may be certified again: %s', async (reason, isTaken) => {
    const deps = certificateDeps();
    const request = await certificateRequest(await localSigner('p256'));
    const { serialHex } = await frozenCertificate(deps, 'p256', request);
    await revokeCertificate(deps, people.approver, { serialHex, id: 'a', reason });
    const input = { ...(await personApplication(deps, 'p256')), request };
    const applied = applyForCertificate(deps, people.applicant, input);
    if (isTaken) expect(await applied).toMatchObject({ state: 'submitted' });
    else await expect(applied).rejects.toMatchObject(keyInUse);
  });
});
