import { describe, expect, it } from 'vitest';

import { certificateStateOf, settingsOf } from '../../../src/domain/certificates/find.ts';
import { freezeCertificate, revokeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { verifyCertificate } from '../../../src/domain/certificates/verify.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';

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
