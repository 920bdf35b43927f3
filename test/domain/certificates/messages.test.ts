import { expect, it } from 'vitest';
import { loadAuthority } from '../../../src/domain/certificates/authority.ts';
import type { CertificateDeps } from '../../../src/domain/certificates/ports.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';

/** The same ports, and how often each was asked for what. */
function counted(deps: CertificateDeps) {
  const counts: Record<string, number> = {};
  function counting<T extends object>(name: string, port: T): T {
    const wrapped = Object.entries(port).map(([method, call]) => [
      method,
      (...input: unknown[]) => {
        const key = `${name}.${method}`;
        counts[key] = (counts[key] ?? 0) + 1;
        return (call as (...all: unknown[]) => unknown)(...input);
      },
    ]);
    // The same methods under the same names.
    return Object.fromEntries(wrapped) as T;
  }
  const ports = {
    keys: counting('keys', deps.keys),
    ledger: counting('ledger', deps.ledger),
    certificates: counting('store', deps.certificates),
    audit: counting('audit', deps.audit),
  };
  return { deps: { ...deps, ...ports }, counts };
}

it('A6 A11: one full issue, from application to delivery, costs so many messages', async () => {
  const plain = certificateDeps();
  await loadAuthority(plain, 'sm2');
  await loadAuthority(plain, 'p256');
  const { deps, counts } = counted(plain);
  const started = performance.now();
  const { serialHex } = await frozenCertificate(deps, 'sm2');
  await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
  const elapsedMs = performance.now() - started;
  const sum = (port: string) =>
    Object.entries(counts)
      .filter(([name]) => name.startsWith(`${port}.`))
      .reduce((total, [, count]) => total + count, 0);
  console.log(
    `one full issue: ${elapsedMs.toFixed(0)} ms; chips ${sum('keys')}, ledger ${sum('ledger')}, store ${sum('store')}, audit ${sum('audit')} messages`,
  );
  // The certificate, four events, and the settings by both authorities.
  expect(counts['keys.sign']).toBe(7);
  expect(counts['keys.create'] ?? 0).toBe(0);
  expect(counts['ledger.append']).toBe(4);
});
