import { CinnabarError } from '../errors.ts';
import { loadAuthority } from './authority.ts';
import type { CertificateDeps, IssuerName, StatusRow, StoredCrl } from './ports.ts';
import { buildCrl, type CrlEntry } from './x509/crl.ts';
import type { OcspStatus } from './x509/ocsp.ts';

/** How long a list counts, and after how long a new one is made even if nothing happened. */
const crlLifeMs = 24 * 60 * 60 * 1000;
const crlRefreshMs = 60 * 60 * 1000;
/**
 * 50 bytes each: what a row of D1 holds (2 MB), and a chip signs at once. A list that left some out
 * would lie; the next issuing authority begins an empty one.
 */
const crlEntriesMax = 35_000;

/**
 * What a certificate's status is for those who rely on it. A move that takes trust away counts from
 * the moment it is pending, one that gives trust only when the ledger has it: whatever stops in
 * between, nobody trusts too much.
 */
export function statusOf(row: Omit<StatusRow, 'serialHex' | 'change'>): OcspStatus {
  const { state, pending, reason, changedAtMs } = row;
  if (pending?.action === 'revoke') {
    return { state: 'revoked', atMs: pending.atMs, reason: pending.reason ?? 'privilegeWithdrawn' };
  }
  if (pending?.action === 'suspend') {
    return { state: 'revoked', atMs: pending.atMs, reason: 'certificateHold' };
  }
  switch (state) {
    case 'active':
      return { state: 'good' };
    case 'revoked':
      return { state: 'revoked', atMs: changedAtMs, reason: reason ?? 'privilegeWithdrawn' };
    case 'prepared':
    case 'frozen':
    case 'suspended':
      return { state: 'revoked', atMs: changedAtMs, reason: 'certificateHold' };
  }
}

/**
 * The full list of an issuing authority (RFC 5280 §5): fresh whenever something changed since the
 * last one. Numbers rise by one, also when several ask at once.
 *
 * @throws CinnabarError `authority_not_found`, `revocation_list_full`, `chips_unavailable`,
 * `storage_unavailable`
 */
export async function currentCrl(deps: CertificateDeps, issuer: IssuerName): Promise<StoredCrl> {
  for (;;) {
    const newest = await deps.certificates.newestCrl(issuer);
    if (newest && (await isCurrent(deps, newest))) return newest;
    const crl = await makeCrl(deps, issuer, (newest?.number ?? 0) + 1);
    // Whoever took the number made a list of the same moment: look at that one.
    if (await deps.certificates.addCrl(crl)) return crl;
  }
}

async function isCurrent(deps: CertificateDeps, crl: StoredCrl): Promise<boolean> {
  if (deps.clock.now() - crl.thisUpdateMs > crlRefreshMs) return false;
  return (await deps.certificates.newestChange(crl.issuer)) === crl.throughChange;
}

async function makeCrl(
  deps: CertificateDeps,
  issuer: IssuerName,
  number: number,
): Promise<StoredCrl> {
  const authority = await loadAuthority(deps, issuer.algorithm, issuer.generation);
  const thisUpdateMs = deps.clock.now();
  // Before the rows are read: a change in between makes the next list.
  const throughChange = await deps.certificates.newestChange(issuer);
  const rows = await deps.certificates.notInForce(issuer, thisUpdateMs);
  const nextUpdateMs = thisUpdateMs + crlLifeMs;
  if (rows.length > crlEntriesMax) throw new CinnabarError('revocation_list_full');
  const template = { number, thisUpdateMs, nextUpdateMs, entries: rows.flatMap(entryOf) };
  const der = await buildCrl(template, authority.issuer);
  return { issuer, number, thisUpdateMs, nextUpdateMs, throughChange, der };
}

/**
 * What changed since the oldest full list that still counts (RFC 5280 §5.2.4): held and revoked
 * certificates, and with `removeFromCRL` those that came back into force. Whoever holds any list
 * that has not ended may go on from there with this one.
 */
export async function deltaCrl(deps: CertificateDeps, issuer: IssuerName): Promise<Uint8Array> {
  const authority = await loadAuthority(deps, issuer.algorithm, issuer.generation);
  const { number } = await currentCrl(deps, issuer);
  const thisUpdateMs = deps.clock.now();
  const base = await deps.certificates.oldestCrl(issuer, thisUpdateMs);
  if (!base) throw new Error('the list that was just made has ended already');
  const [held, back] = await Promise.all([
    deps.certificates.notInForce(issuer, thisUpdateMs),
    deps.certificates.backInForce(issuer, base.throughChange),
  ]);
  const released = back.map(({ serialHex, changedAtMs }): CrlEntry => {
    return { serialHex, atMs: changedAtMs, reason: 'removeFromCRL' };
  });
  const changed = held.filter(({ change }) => change > base.throughChange).flatMap(entryOf);
  const nextUpdateMs = thisUpdateMs + crlRefreshMs;
  const entries = [...changed, ...released];
  const template = { number, baseNumber: base.number, thisUpdateMs, nextUpdateMs, entries };
  return buildCrl(template, authority.issuer);
}

function entryOf({ serialHex, ...row }: StatusRow): readonly CrlEntry[] {
  const status = statusOf(row);
  if (status.state !== 'revoked') return [];
  return [{ serialHex, atMs: status.atMs, reason: status.reason }];
}
