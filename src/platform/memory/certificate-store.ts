import { bytesToHex } from '@noble/hashes/utils.js';
import {
  type AuthorityRow,
  type CertificateFilter,
  type CertificateStore,
  type IssuerName,
  type StatusRow,
  type StoredCrl,
  serialStart,
} from '../../domain/certificates/ports.ts';
import { closedStates } from '../../domain/certificates/states.ts';
import type { Application, Certificate } from '../../domain/certificates/types.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';

/** The certificate store in RAM. */
export function memoryCertificateStore(): CertificateStore {
  const applications = new Map<string, Application>();
  const certificates = new Map<string, Certificate>();
  /** By serial number: the number of the change that its status had last. */
  const changes = new Map<string, number>();
  /** By issuer: how many there were. */
  const newest = new Map<string, number>();
  const authorities: AuthorityRow[] = [];
  const crls: StoredCrl[] = [];
  let remembered: { readonly size: number; readonly note: string } | undefined;

  const all = () => [...certificates.values()];
  const holdsKey = ({ state, reason, spki }: Certificate, wanted: string) =>
    (state !== 'revoked' || reason === 'keyCompromise') && bytesToHex(spki) === wanted;
  const under = ({ algorithm, generation }: IssuerName) =>
    all().filter((item) => item.algorithm === algorithm && item.issuer === generation);

  const newestChange = ({ algorithm, generation }: IssuerName) =>
    newest.get(`${algorithm}/${generation}`) ?? 0;
  const write = (certificate: Certificate) => {
    const { serialHex, algorithm, issuer } = certificate;
    const stored = certificates.get(serialHex);
    if (!stored || !hasStatusOf(stored, certificate)) {
      const change = newestChange({ algorithm, generation: issuer }) + 1;
      changes.set(serialHex, change);
      newest.set(`${algorithm}/${issuer}`, change);
    }
    certificates.set(serialHex, certificate);
  };
  const statusRows = (found: readonly Certificate[]): readonly StatusRow[] =>
    found
      .map((item) => statusRow(item, changes.get(item.serialHex) ?? 0))
      .sort((a, b) => (a.serialHex < b.serialHex ? -1 : 1));

  return {
    async addApplication(application) {
      const key = `${application.tenant}/${application.id}`;
      if (!applications.has(key)) applications.set(key, application);
    },
    async replaceApplication(application) {
      const key = `${application.tenant}/${application.id}`;
      if (applications.get(key)?.revision !== application.revision - 1) {
        throw new CinnabarError('application_changed');
      }
      if (isClosed(application) && all().some((item) => isOf(item, application))) {
        throw new CinnabarError('application_changed');
      }
      applications.set(key, application);
    },
    async findApplication(tenant, id) {
      return applications.get(`${tenant}/${id}`);
    },
    async listApplications(tenant, { states, applicant }, page) {
      const found = [...applications.values()].filter(
        (item) =>
          item.tenant === tenant &&
          (states?.includes(item.state) ?? true) &&
          (applicant === undefined || item.applicant === applicant),
      );
      return pageOf(found, page);
    },

    async addCertificate(certificate) {
      const { tenant, applicationId, purpose, serialHex } = certificate;
      const key = bytesToHex(certificate.spki);
      const isThere = all().some((other) => {
        const isOwn = other.tenant === tenant && other.applicationId === applicationId;
        const isInTheWay = isOwn ? other.purpose === purpose : holdsKey(other, key);
        return other.serialHex === serialHex || isInTheWay;
      });
      const paper = applications.get(`${tenant}/${applicationId}`);
      if (!isThere && !(paper && isClosed(paper))) write(certificate);
    },
    async replaceCertificate(certificate) {
      const stored = certificates.get(certificate.serialHex);
      if (stored?.revision !== certificate.revision - 1) {
        throw new CinnabarError('certificate_changed');
      }
      write(certificate);
    },
    async findCertificate(serialHex) {
      return certificates.get(serialHex);
    },
    async hasKey(spki) {
      const wanted = bytesToHex(spki);
      return all().some((item) => holdsKey(item, wanted));
    },
    async listCertificates(tenant, filter, page) {
      const wanted = foldAscii(filter.query ?? '');
      const found = all().filter(
        (item) =>
          item.tenant === tenant &&
          isFound(item, wanted) &&
          (filter.state === undefined || item.state === filter.state) &&
          (filter.applicationId === undefined || item.applicationId === filter.applicationId) &&
          (filter.holder === undefined || item.holder === filter.holder),
      );
      return filter.ending ? endingPage(found, filter.ending, page) : pageOf(found, page);
    },
    async unfinished(beforeMs, limit) {
      const isLeft = ({ pending, state, delivery, changedAtMs }: Certificate) =>
        pending
          ? pending.atMs < beforeMs
          : state === 'active' &&
            (delivery === 'thawed' || delivery === 'set') &&
            changedAtMs < beforeMs;
      return all().filter(isLeft).slice(0, limit);
    },
    async notInForce(issuer, atMs) {
      return statusRows(
        under(issuer).filter(
          (item) =>
            item.notAfterMs >= atMs && (item.state !== 'active' || item.pending !== undefined),
        ),
      );
    },
    async newestChange(issuer) {
      return newestChange(issuer);
    },
    async backInForce(issuer, afterChange) {
      const good = under(issuer).filter(({ state, pending }) => state === 'active' && !pending);
      return statusRows(good).filter(({ change }) => change > afterChange);
    },
    async revokeAllUnder(issuer, move) {
      for (const item of under(issuer)) {
        if (!isRevocable(item) || item.notAfterMs < move.atMs || item.pending) continue;
        write({ ...item, pending: move, revision: item.revision + 1 });
      }
    },
    async revocationsUnder(issuer, limit) {
      const found = under(issuer)
        .filter(({ pending }) => pending?.action === 'revoke')
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      return { some: found.slice(0, limit), left: found.length };
    },
    async countUnder(issuer, atMs) {
      return under(issuer).filter((item) => isRevocable(item) && item.notAfterMs > atMs).length;
    },

    async findAuthority(algorithm, role, below = 0) {
      const found = authorities.filter(
        (item) => item.algorithm === algorithm && item.role === role && item.under === below,
      );
      return found.sort((a, b) => b.generation - a.generation)[0];
    },
    async listIssuing(algorithm) {
      return authorities
        .filter((item) => item.algorithm === algorithm && item.role === 'issuing')
        .sort((a, b) => a.generation - b.generation);
    },
    async addAuthority(row) {
      const isThere = authorities.some(
        (other) =>
          other.algorithm === row.algorithm &&
          other.role === row.role &&
          other.under === row.under &&
          other.generation === row.generation,
      );
      if (!isThere) authorities.push(row);
    },
    async setRevocation({ algorithm, generation }, known, revocation) {
      const at = authorities.findIndex(
        (item) =>
          item.algorithm === algorithm && item.role === 'issuing' && item.generation === generation,
      );
      const row = authorities[at];
      if (!row || JSON.stringify(row.revocation) !== JSON.stringify(known)) {
        throw new CinnabarError('authority_changed');
      }
      authorities[at] = { ...row, revocation };
    },

    async newestCrl(issuer) {
      return crls.findLast((crl) => isSame(crl.issuer, issuer));
    },
    async oldestCrl(issuer, atMs) {
      const found = crls.find((crl) => isSame(crl.issuer, issuer) && crl.nextUpdateMs > atMs);
      if (!found) return undefined;
      const { der: _, ...times } = found;
      return times;
    },
    async addCrl(crl) {
      const isTaken = crls.some(
        ({ issuer, number }) => isSame(issuer, crl.issuer) && number === crl.number,
      );
      if (isTaken) return false;
      crls.push(crl);
      const counts = (one: StoredCrl) =>
        !isSame(one.issuer, crl.issuer) ||
        one.number >= crl.number ||
        one.nextUpdateMs >= crl.thisUpdateMs;
      crls.splice(0, crls.length, ...crls.filter(counts));
      return true;
    },

    async rememberedCheckpoint() {
      return remembered;
    },
    async rememberCheckpoint(checkpoint) {
      if (checkpoint.size > (remembered?.size ?? 0)) remembered = checkpoint;
    },
  };
}

function isFound({ subject, serialHex }: Certificate, wanted: string): boolean {
  if (serialStart.test(wanted)) return serialHex.startsWith(wanted);
  return foldAscii([...Object.values(subject), serialHex].join('\n')).includes(wanted);
}

function endingPage(
  items: readonly Certificate[],
  { fromMs, beforeMs }: NonNullable<CertificateFilter['ending']>,
  { limit, before }: PageRequest,
): readonly Certificate[] {
  const ordered = items
    .filter(
      ({ state, notAfterMs }) =>
        state !== 'revoked' && notAfterMs >= fromMs && notAfterMs < beforeMs,
    )
    .sort((a, b) => a.notAfterMs - b.notAfterMs || (a.id < b.id ? -1 : 1));
  const start = before === undefined ? 0 : ordered.findIndex(({ id }) => id === before) + 1;
  return ordered.slice(start, start + limit);
}

function isSame(one: IssuerName, other: IssuerName): boolean {
  return one.algorithm === other.algorithm && one.generation === other.generation;
}

const isRevocable = ({ state }: Certificate) => state !== 'prepared' && state !== 'revoked';

function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, before }: PageRequest,
): readonly T[] {
  return items
    .filter(({ id }) => before === undefined || id < before)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

const isClosed = ({ state }: Application) => closedStates.some((closed) => closed === state);

const isOf = ({ tenant, applicationId }: Certificate, application: Application) =>
  tenant === application.tenant && applicationId === application.id;

function hasStatusOf(one: Certificate, other: Certificate): boolean {
  const isMoving = JSON.stringify(one.pending) !== JSON.stringify(other.pending);
  return one.issuer === other.issuer && one.state === other.state && !isMoving;
}

function statusRow(certificate: Certificate, change: number): StatusRow {
  const { serialHex, state, pending, reason, changedAtMs } = certificate;
  return {
    serialHex,
    state,
    ...(pending ? { pending } : {}),
    ...(reason ? { reason } : {}),
    changedAtMs,
    change,
  };
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
