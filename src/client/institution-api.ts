import { bytesToHex } from '@noble/hashes/utils.js';
import { ApiError } from './api-error.ts';
import type { ListQuery, ReadOptions, WriteOptions } from './transport.ts';
import type {
  AppliedKeys,
  CompletedOperation,
  DocumentVerdict,
  Grant,
  GrantChange,
  Institution,
  InstitutionKey,
  KeyHolder,
  NewGrant,
  NewInstitution,
  NewInstitutionKeys,
  NewOfficers,
  NewOperation,
  Operation,
  Page,
  PendingApprovals,
  UsageRecord,
} from './types.ts';

interface Calls {
  getJson<T>(path: string, read?: ReadOptions): Promise<T>;
  write<T>(
    method: string,
    path: string,
    body: FormData | object | undefined,
    options?: WriteOptions,
  ): Promise<T>;
  blob(path: string, init?: RequestInit): Promise<Blob>;
  queryString(values: Record<string, string | number | undefined>): string;
}

/** A file as the person calls it. */
export interface NamedFile {
  readonly bytes: Blob;
  readonly name: string;
}

/** What shall become of a document, and under which right. */
export type NewDocument = {
  readonly grantId: string;
  readonly personalKeyId: string;
  readonly documentType: string;
  readonly reason: string;
  readonly currency?: string;
  readonly amountMinor?: number;
  readonly sealVerificationId?: string;
} & (
  | { readonly action: 'cms'; readonly file: NamedFile; readonly detached?: boolean }
  | { readonly action: 'pdf'; readonly file: NamedFile; readonly location?: string }
  | { readonly action: 'seal'; readonly file: NamedFile; readonly sealOf: string }
  | { readonly action: 'open'; readonly file: NamedFile }
  | {
      readonly action: 'make_seal';
      readonly name: string;
      readonly sealId: string;
      readonly validUntil: string;
    }
);

export type DocumentKind = 'cms' | 'pdf' | 'electronic_seal' | 'sealed';

const one = (base: string, id: string) => `${base}/${encodeURIComponent(id)}`;
const institution = (id: string) => one('/v1/institutions', id);
const key = (id: string) => one('/v1/keys', id);
const operation = (id: string) => one('/v1/operations', id);

/** Institutions, their keys, who may use them, and each use. */
export function institutionApi({ getJson, write, blob, queryString }: Calls) {
  const post = <T>(path: string, body: FormData | object, options?: WriteOptions) =>
    write<T>('POST', path, body, options);
  return {
    institutions: {
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Institution>>(`/v1/institutions${queryString({ ...query })}`, read),
      get: (id: string, read?: ReadOptions) => getJson<Institution>(institution(id), read),
      register: (body: NewInstitution, options?: WriteOptions) =>
        post<Institution>('/v1/institutions', body, options),
      /** Who holds a personal key, for administrators who propose officers and grants. */
      holders: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<KeyHolder>>(`/v1/key-holders${queryString({ ...query })}`, read),
      keys: (id: string, query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<InstitutionKey>>(`${institution(id)}/keys${queryString({ ...query })}`, read),
      applyForKeys: (id: string, body: NewInstitutionKeys, options?: WriteOptions) =>
        post<AppliedKeys>(`${institution(id)}/keys`, body, options),
      grant: (id: string, body: NewGrant, options?: WriteOptions) =>
        post<{ grant: Grant; change: GrantChange }>(`${institution(id)}/grants`, body, options),
    },
    institutionKeys: {
      /** Other officers, to be signed by those of now. */
      proposeOfficers: (id: string, body: NewOfficers, options?: WriteOptions) =>
        post<GrantChange>(`${key(id)}/officers`, body, options),
      get: (id: string, read?: ReadOptions) => getJson<InstitutionKey>(key(id), read),
      /** The pair that the key is of: fresh keys, same officers and grants. */
      renew: (id: string, options?: WriteOptions) =>
        post<AppliedKeys>(`${key(id)}/renew`, {}, options),
      grants: (id: string, query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<Grant>>(`${key(id)}/grants${queryString({ ...query })}`, read),
      changes: (id: string, query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<GrantChange>>(`${key(id)}/grant-changes${queryString({ ...query })}`, read),
      operations: (
        id: string,
        query: ListQuery & { state?: Operation['state'] | undefined } = {},
        read?: ReadOptions,
      ) => getJson<Page<Operation>>(`${key(id)}/operations${queryString({ ...query })}`, read),
      records: (id: string, query: ListQuery = {}, read?: ReadOptions) =>
        getJson<Page<UsageRecord>>(`${key(id)}/records${queryString({ ...query })}`, read),
      /** Encrypts for the institution; only its certificate is needed. */
      encrypt: (id: string, file: NamedFile) =>
        blob(`${key(id)}/envelopes`, { method: 'POST', body: formOf({}, { file }) }),
    },
    grants: {
      revoke: (id: string, options?: WriteOptions) =>
        post<{ grant: Grant; change: GrantChange | null }>(
          `${one('/v1/grants', id)}/revoke`,
          {},
          options,
        ),
      /** `signature` is an officer's over the change, in base64url. */
      approve: (changeId: string, signature: string) =>
        post<GrantChange>(`${one('/v1/grant-changes', changeId)}/approvals`, { signature }),
    },
    operations: {
      ask: (keyId: string, body: NewOperation, options?: WriteOptions) =>
        post<Operation>(`${key(keyId)}/operations`, body, options),
      /** @throws ApiError `document_differs` when what arrived is not the file that was sent */
      askDocument: async (keyId: string, document: NewDocument, options?: WriteOptions) => {
        const asked = await post<Operation>(
          `${key(keyId)}/documents`,
          documentForm(document),
          options,
        );
        await assertSameFile(document, asked);
        return asked;
      },
      get: (id: string, read?: ReadOptions) => getJson<Operation>(operation(id), read),
      /** The caller's own. */
      list: (
        query: ListQuery & { state?: Operation['state'] | undefined } = {},
        read?: ReadOptions,
      ) => getJson<Page<Operation>>(`/v1/operations${queryString({ ...query })}`, read),
      /** What waits for the caller's signature. */
      pending: (read?: ReadOptions) => getJson<PendingApprovals>('/v1/approvals', read),
      approve: (id: string, body: { personalKeyId: string; signature: string }) =>
        post<Operation>(`${operation(id)}/approve`, body),
      prepare: (id: string) => write<Operation>('POST', `${operation(id)}/activation`, undefined),
      execute: (id: string, signature: string) =>
        post<Operation>(`${operation(id)}/execute`, { signature }),
      complete: (id: string, signature: string) =>
        post<CompletedOperation>(`${operation(id)}/complete`, { signature }),
      cancel: (id: string) => write<Operation>('POST', `${operation(id)}/cancel`, undefined),
      record: (id: string, read?: ReadOptions) =>
        getJson<UsageRecord>(`${operation(id)}/record`, read),
      document: (id: string, part: 'input' | 'result' = 'result') =>
        blob(`${operation(id)}/document?part=${part}`),
    },
    documents: {
      /** A "no" is an answer: look at `ok`. */
      verify: (kind: DocumentKind, file: NamedFile, content?: NamedFile) =>
        post<DocumentVerdict>('/v1/documents/verify', formOf({ kind }, { file, content })),
    },
  };
}

/** The digest that the person will sign is of the file that is here. */
async function assertSameFile(document: NewDocument, asked: Operation): Promise<void> {
  if (document.action === 'make_seal') return;
  const bytes = await document.file.bytes.arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  if (asked.document?.sha256 !== bytesToHex(digest)) throw new ApiError('document_differs');
}

function documentForm(document: NewDocument): FormData {
  if (document.action === 'make_seal') return formOf({ ...document }, {});
  const { file, ...fields } = document;
  return formOf({ ...fields, name: file.name }, { file });
}

function formOf(
  fields: Readonly<Record<string, string | number | boolean | undefined>>,
  files: Readonly<Record<string, NamedFile | undefined>>,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') form.set(name, String(value));
  }
  for (const [name, file] of Object.entries(files)) {
    if (file) form.set(name, file.bytes, file.name);
  }
  return form;
}
