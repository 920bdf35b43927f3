import { bytesToHex } from '@noble/hashes/utils.js';
import type {
  AuthorityRow,
  CertificateStore,
  StatusRow,
  StoredCrl,
} from '../../domain/certificates/ports.ts';
import type { Application, Certificate } from '../../domain/certificates/types.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';

/** The certificate store in RAM. */
export function memoryCertificateStore(): CertificateStore {
  const applications = new Map<string, Application>();
  const certificates = new Map<string, Certificate>();
  const authorities: AuthorityRow[] = [];
  const crls: StoredCrl[] = [];
  let remembered: { readonly size: number; readonly note: string } | undefined;

  const all = () => [...certificates.values()];

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
      const isThere = all().some(
        (other) =>
          other.serialHex === serialHex ||
          (other.tenant === tenant &&
            other.applicationId === applicationId &&
            other.purpose === purpose),
      );
      if (!isThere) certificates.set(serialHex, certificate);
    },
    async replaceCertificate(certificate) {
      const stored = certificates.get(certificate.serialHex);
      if (stored?.revision !== certificate.revision - 1) {
        throw new CinnabarError('certificate_changed');
      }
      certificates.set(certificate.serialHex, certificate);
    },
    async findCertificate(serialHex) {
      return certificates.get(serialHex);
    },
    async hasKey(spki) {
      const wanted = bytesToHex(spki);
      return all().some((item) => item.state !== 'revoked' && bytesToHex(item.spki) === wanted);
    },
    async listCertificates(tenant, filter, page) {
      const wanted = foldAscii(filter.query ?? '');
      const found = all().filter(
        (item) =>
          item.tenant === tenant &&
          foldAscii([...Object.values(item.subject), item.serialHex].join('\n')).includes(wanted) &&
          (filter.state === undefined || item.state === filter.state) &&
          (filter.endsBeforeMs === undefined || item.notAfterMs < filter.endsBeforeMs) &&
          (filter.applicationId === undefined || item.applicationId === filter.applicationId) &&
          (filter.holder === undefined || item.holder === filter.holder),
      );
      return pageOf(found, page);
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
    async notInForce(algorithm, atMs) {
      return bySerial(
        all().filter(
          (item) =>
            item.algorithm === algorithm &&
            item.notAfterMs >= atMs &&
            (item.state !== 'active' || item.pending !== undefined),
        ),
      );
    },
    async hasChanges(algorithm, sinceMs) {
      return all().some(
        (item) =>
          item.algorithm === algorithm &&
          (item.changedAtMs >= sinceMs || (item.pending?.atMs ?? 0) >= sinceMs),
      );
    },
    async backInForce(algorithm, sinceMs) {
      return bySerial(
        all().filter(
          (item) =>
            item.algorithm === algorithm &&
            item.changedAtMs >= sinceMs &&
            item.state === 'active' &&
            item.pending === undefined,
        ),
      );
    },

    async findAuthority(algorithm, role) {
      const found = authorities.filter(
        (item) => item.algorithm === algorithm && item.role === role,
      );
      return found.sort((a, b) => b.generation - a.generation)[0];
    },
    async addAuthority(row) {
      const isThere = authorities.some(
        (other) =>
          other.algorithm === row.algorithm &&
          other.role === row.role &&
          other.generation === row.generation,
      );
      if (!isThere) authorities.push(row);
    },

    async newestCrl(algorithm) {
      return crls.findLast((crl) => crl.algorithm === algorithm);
    },
    async oldestCrl(algorithm, atMs) {
      return crls.find((crl) => crl.algorithm === algorithm && crl.nextUpdateMs > atMs);
    },
    async addCrl(crl) {
      const isTaken = crls.some(
        ({ algorithm, number }) => algorithm === crl.algorithm && number === crl.number,
      );
      if (!isTaken) crls.push(crl);
      return !isTaken;
    },

    async rememberedCheckpoint() {
      return remembered;
    },
    async rememberCheckpoint(checkpoint) {
      if (checkpoint.size > (remembered?.size ?? 0)) remembered = checkpoint;
    },
  };
}

function pageOf<T extends { readonly id: string }>(
  items: readonly T[],
  { limit, before }: PageRequest,
): readonly T[] {
  return items
    .filter(({ id }) => before === undefined || id < before)
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

function bySerial(found: readonly Certificate[]): readonly StatusRow[] {
  return found
    .map(({ serialHex, state, pending, reason, changedAtMs }) => ({
      serialHex,
      state,
      ...(pending ? { pending } : {}),
      ...(reason ? { reason } : {}),
      changedAtMs,
    }))
    .sort((a, b) => (a.serialHex < b.serialHex ? -1 : 1));
}

function foldAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
