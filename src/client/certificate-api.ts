import type { ListQuery, ReadOptions, WriteOptions } from './transport.ts';
import type {
  AuthorityRevocation,
  Certificate,
  CertificateApplication,
  CertificateBundle,
  CertificateRevocation,
  CertificateVerification,
  IdentityFinding,
  IssuingAuthorities,
  IssuingAuthority,
  NewCertificateApplication,
  NewIssuingAuthority,
  Page,
  TierOverride,
  TierOverrideDecision,
} from './types.ts';

/** How the client reads and writes, as `createClient` does it. */
interface Calls {
  getJson<T>(path: string, read?: ReadOptions): Promise<T>;
  post<T>(path: string, body: object, write?: WriteOptions): Promise<T>;
  query(values: Record<string, string | number | undefined>): string;
}

const applications = '/v1/certificates/applications';
const authorities = '/v1/authorities';
const one = (serial: string) => `/v1/certificates/${encodeURIComponent(serial)}`;
const application = (id: string) => `${applications}/${encodeURIComponent(id)}`;

/** The certification authority: applications, certificates, and their proofs. */
export function certificateApi({ getJson, post, query }: Calls) {
  return {
    applications: {
      create: (body: NewCertificateApplication, write?: WriteOptions) =>
        post<CertificateApplication>(applications, body, write),
      list: (
        filter: ListQuery & { stage?: 'pending' | 'processed'; state?: string } = {},
        read?: ReadOptions,
      ) => getJson<Page<CertificateApplication>>(`${applications}${query({ ...filter })}`, read),
      get: (id: string, read?: ReadOptions) =>
        getJson<CertificateApplication>(application(id), read),
      identify: (id: string, finding: IdentityFinding, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/identity`, finding, write),
      /** Approves, and makes the certificate, frozen. */
      approve: (id: string, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/approve`, {}, write),
      /** Goes on where making the certificate stopped. */
      issue: (id: string, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/issue`, {}, write),
      /** Another tier than the score gave; it counts once somebody else has confirmed it. */
      override: (id: string, proposal: TierOverride, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/override`, proposal, write),
      decideOverride: (id: string, verdict: TierOverrideDecision, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/override/decision`, verdict, write),
      reject: (id: string, reason: string, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/reject`, { reason }, write),
      withdraw: (id: string, write?: WriteOptions) =>
        post<CertificateApplication>(`${application(id)}/withdraw`, {}, write),
    },
    authorities: {
      list: (read?: ReadOptions) => getJson<IssuingAuthorities>(authorities, read),
      /** The next one of a hierarchy; the same call again finds it made. */
      open: (body: NewIssuingAuthority, write?: WriteOptions) =>
        post<IssuingAuthority>(authorities, body, write),
      /** Proposes, or as the second person does it. */
      revoke: (
        { algorithm, generation }: NewIssuingAuthority,
        reason: AuthorityRevocation['reason'],
        write?: WriteOptions,
      ) =>
        post<IssuingAuthority>(
          `${authorities}/${algorithm}/${generation}/revocation`,
          { reason },
          write,
        ),
    },
    list: (
      filter: ListQuery & {
        q?: string | undefined;
        state?: Certificate['state'] | undefined;
        expiringDays?: number | undefined;
      } = {},
      read?: ReadOptions,
    ) => getJson<Page<Certificate>>(`/v1/certificates${query({ ...filter })}`, read),
    get: (serial: string, read?: ReadOptions) => getJson<Certificate>(one(serial), read),
    /** A "no" is an answer: look at `ok` and at the steps. */
    verify: (serial: string, write?: WriteOptions) =>
      post<CertificateVerification>(`${one(serial)}/verify`, {}, write),
    /** Verifies, thaws, sets and delivers; or releases from a hold. */
    thaw: (serial: string, write?: WriteOptions) =>
      post<Certificate>(`${one(serial)}/thaw`, {}, write),
    freeze: (serial: string, write?: WriteOptions) =>
      post<Certificate>(`${one(serial)}/freeze`, {}, write),
    revoke: (serial: string, reason: CertificateRevocation['reason'], write?: WriteOptions) =>
      post<Certificate>(`${one(serial)}/revoke`, { reason }, write),
    renew: (serial: string, request?: string, write?: WriteOptions) =>
      post<CertificateApplication>(`${one(serial)}/renew`, request ? { request } : {}, write),
    bundle: (serial: string, read?: ReadOptions) =>
      getJson<CertificateBundle>(`${one(serial)}/bundle`, read),
  };
}
