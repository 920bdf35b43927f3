import { describe, expect, it } from 'vitest';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { verifyCertificate } from '../../../src/domain/certificates/verify.ts';
import { assertPinnedLog, pinnedTrust } from '../../../src/domain/ledger/pin.ts';
import { memoryLedger, memoryLedgerOrigin } from '../../../src/platform/memory/ledger.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const untrusted = { code: 'ledger_untrusted' };

describe('pinned keys of the ledger', () => {
  const ledger = memoryLedger(tickingClock());

  it('A8: are those of this log, with its SM2 key and at least two witnesses', async () => {
    const trust = await ledger.trust();
    const pin = (change: object) => () =>
      pinnedTrust(JSON.stringify({ ...trust, ...change }), memoryLedgerOrigin);
    expect(pin({})()).toEqual(trust);
    for (const text of [undefined, '', 'none', '{}', '[]', 'null']) {
      expect(() => pinnedTrust(text, memoryLedgerOrigin)).toThrow(
        expect.objectContaining(untrusted),
      );
    }
    const [witness = ''] = trust.witnesses;
    for (const change of [
      { logSm2: undefined },
      { quorum: 1 },
      { quorum: 4 },
      { witnesses: [witness, witness] },
      { log: `${trust.log}x` },
    ]) {
      expect(pin(change)).toThrow(expect.objectContaining(untrusted));
    }
    const other = () => pinnedTrust(JSON.stringify(trust), 'ledger.cinnabar.example/other');
    expect(other).toThrow(expect.objectContaining(untrusted));
  });

  it('A8: another log does not pass for the pinned one, nor one whose witnesses were exchanged', async () => {
    const trust = await ledger.trust();
    await assertPinnedLog(ledger, trust);
    const forked = memoryLedger(tickingClock());
    await expect(assertPinnedLog(forked, trust)).rejects.toMatchObject(untrusted);
    const { witnesses } = await forked.trust();
    const exchanged = { trust: async () => ({ ...trust, witnesses }) };
    await expect(assertPinnedLog(exchanged, trust)).rejects.toMatchObject(untrusted);
    // One of three is replaced: a quorum of the pinned ones is left.
    const [first = ''] = witnesses;
    const moved = { ...trust, witnesses: [first, ...trust.witnesses.slice(1)] };
    await assertPinnedLog({ trust: async () => moved }, trust);
  });

  it('A8 A9: a log that signs with other keys convinces nobody, whatever it says of itself', async () => {
    const deps = certificateDeps();
    const { serialHex } = await frozenCertificate(deps);
    expect((await verifyCertificate(deps, people.approver, serialHex)).verdict.ok).toBe(true);
    // The log that answers is the forked one; the pin is of the log that was there before.
    const pinned = { ...deps, ledgerTrust: () => ledger.trust() };
    const { verdict } = await verifyCertificate(pinned, people.approver, serialHex);
    expect(verdict).toMatchObject({ ok: false, code: 'checkpoint_unsigned' });
    const thaw = thawCertificate(pinned, people.approver, { serialHex, id: 'thaw' });
    await expect(thaw).rejects.toMatchObject({ code: 'thaw_refused' });
    const unpinned = { ...deps, ledgerTrust: async () => pinnedTrust('', memoryLedgerOrigin) };
    const unsure = thawCertificate(unpinned, people.approver, { serialHex, id: 'thaw' });
    await expect(unsure).rejects.toMatchObject(untrusted);
    expect((await deps.certificates.findCertificate(serialHex))?.state).toBe('frozen');
  });
});
