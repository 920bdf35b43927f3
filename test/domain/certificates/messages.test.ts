import { expect, it } from 'vitest';
import { loadAuthority } from '../../../src/domain/certificates/authority.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';
import { callsByPort, counting } from '../../helpers/counting.ts';

it('A6 A11: one full issue, from application to delivery, costs so many messages', async () => {
  const plain = certificateDeps();
  await loadAuthority(plain, 'sm2');
  await loadAuthority(plain, 'p256');
  const { deps, counts } = counting(plain, ['keys', 'ledger', 'certificates', 'audit']);
  const started = performance.now();
  const { serialHex } = await frozenCertificate(deps, 'sm2');
  await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
  const elapsedMs = performance.now() - started;
  const { keys, ledger, certificates, audit } = callsByPort(counts);
  console.log(
    `one full issue: ${elapsedMs.toFixed(0)} ms; chips ${keys}, ledger ${ledger}, store ${certificates}, audit ${audit} messages`,
  );
  // The certificate, four events, and the settings by both authorities.
  // docs/drills.md, docs/cost-at-scale.md and bench/RESULTS.md say so.
  expect({ keys, ledger, certificates, audit }).toEqual({
    keys: 7,
    ledger: 8,
    certificates: 47,
    audit: 10,
  });
  expect(counts['keys.sign']).toBe(7);
  expect(counts['keys.create'] ?? 0).toBe(0);
  expect(counts['ledger.append']).toBe(4);
});
