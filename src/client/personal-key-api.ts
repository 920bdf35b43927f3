import type { Transcript } from '../core/usage/judge.ts';
import type { ListQuery, ReadOptions, WriteOptions } from './transport.ts';
import type { CoSigned, Misbehaviour, Page, PersonalKey, UsageRecord } from './types.ts';

interface Calls {
  getJson<T>(path: string, read?: ReadOptions): Promise<T>;
  write<T>(method: string, path: string, body: object, write?: WriteOptions): Promise<T>;
  queryString(values: Record<string, string | number | undefined>): string;
}

const base = '/v1/personal-keys';
const one = (id: string) => `${base}/${encodeURIComponent(id)}`;

/** What the service approves the signing of; the last three name their subject. */
export type SigningPurpose =
  | {
      readonly purpose: 'certificate_request' | 'terminal_keys' | 'biometric_consent';
      readonly request: string;
    }
  | { readonly purpose: 'refresh_proof' }
  | {
      readonly purpose: 'grant_change' | 'approval' | 'statement' | 'outcome';
      readonly subjectId: string;
    };

/** The terminal's message of one signature, for the chip that has the other share. */
export interface SigningRound {
  readonly requestId: string;
  readonly epoch: number;
  readonly message: string;
}

/** The rounds of personal keys as they are; `openPersonalKeys` runs the protocols over them. */
export function personalKeyApi({ getJson, write, queryString }: Calls) {
  const post = <T>(path: string, body: object) => write<T>('POST', path, body);
  return {
    list: (query: ListQuery = {}, read?: ReadOptions) =>
      getJson<Page<PersonalKey>>(`${base}${queryString({ ...query })}`, read),
    get: (id: string, read?: ReadOptions) => getJson<PersonalKey>(one(id), read),
    start: (body: { id: string; label: string; sessionId: string; commitment: string }) =>
      post<{ key: PersonalKey; message: string }>(base, body),
    finish: (id: string, body: { sessionId: string; opening: string }) =>
      post<PersonalKey>(`${one(id)}/finish`, body),
    rename: (id: string, label: string) => write<PersonalKey>('PATCH', one(id), { label }),
    sign: (id: string, body: SigningPurpose & SigningRound) =>
      post<CoSigned>(`${one(id)}/signatures`, body),
    /** Reports an answer that was no half of a signature; a report again is the same report. */
    report: (id: string, transcript: Transcript) =>
      write<Misbehaviour>('POST', `${one(id)}/misbehaviour`, transcript, {
        idempotencyKey: `report-${transcript.requestId}`,
      }),
    /** Reports of the institution's people, newest first; for who oversees. */
    reports: (query: ListQuery = {}, read?: ReadOptions) =>
      getJson<Page<Misbehaviour>>(`/v1/misbehaviour${queryString({ ...query })}`, read),
    bind: (id: string, serial: string) => post<PersonalKey>(`${one(id)}/certificate`, { serial }),
    refresh: (id: string, body: { sessionId: string; epoch: number; commitment: string }) =>
      post<{ message: string }>(`${one(id)}/refresh`, body),
    finishRefresh: (id: string, body: { sessionId: string; opening: string }) =>
      post<{ epochs: number[] }>(`${one(id)}/refresh/finish`, body),
    commitRefresh: (id: string, signature: string) =>
      post<PersonalKey>(`${one(id)}/refresh/commit`, { signature }),
    /** For good; the certificate over it is revoked for the reason. */
    withdraw: (id: string, reason: 'ended' | 'lost' = 'ended') =>
      post<{ key: PersonalKey; tombstones: Record<string, unknown>[] }>(`${one(id)}/withdraw`, {
        reason,
      }),
    /** What the person did with keys of institutions, newest first. */
    uses: (query: ListQuery = {}, read?: ReadOptions) =>
      getJson<Page<UsageRecord>>(`/v1/usage-records${queryString({ ...query })}`, read),
    setPin: (id: string, verifier: string) =>
      write<{ pepper: string }>('PUT', `${one(id)}/pin`, { verifier }),
    usePin: (id: string, verifier: string) =>
      post<{ pepper: string }>(`${one(id)}/pin`, { verifier }),
  };
}
