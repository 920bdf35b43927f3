import { ApiError } from './api-error.ts';
import { certificateApi } from './certificate-api.ts';
import { chipBackupCalls } from './chip-backup-api.ts';
import { federationCalls } from './federation-calls.ts';
import type { DemoApplicants } from './federation-types.ts';
import { institutionApi } from './institution-api.ts';
import { passkeyCalls } from './passkey-api.ts';
import { paymentCalls } from './payment-api.ts';
import { personalKeyApi } from './personal-key-api.ts';
import { sealCalls } from './seal-api.ts';
import { sealServiceCalls } from './seal-service.ts';
import { tokenCalls } from './token-api.ts';
import type { ListQuery, ReadOptions, WriteOptions } from './transport.ts';
import type { DemoLedger } from './types.gen.ts';
import type {
  AuditAnchor,
  AuditPage,
  Chip,
  ChipCluster,
  ChipHalt,
  ChipLog,
  ChipLogAnchors,
  DemoIdentity,
  DemoToken,
  LedgerConsistencyProof,
  LedgerEntry,
  LedgerHistory,
  LedgerInclusionProof,
  LedgerPage,
  LedgerStatus,
  LedgerTrust,
  Notice,
  Problem,
  Readiness,
} from './types.ts';
import { webhookCalls } from './webhook-api.ts';

export { ApiError };

export interface ClientOptions {
  /** Origin of the service, without a trailing slash. In a page, '' means its own origin. */
  baseUrl?: string;
  /**
   * Returns the bearer token. Asked again with `true` after the service refused the last one, so
   * that an expired session renews without being seen.
   */
  token?: (refused: boolean) => Promise<string>;
  fetch?: typeof fetch;
  /** Waits between attempts; a test passes its own. */
  wait?: (milliseconds: number) => Promise<void>;
}

const attemptsMax = 3;
const retryAfterSecondsMax = 5;

/** 128 random bits in hex. `randomUUID` would need a secure context, which a LAN address is not. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Seconds to wait, or undefined when the answer is not one that a repetition can change. */
function retryDelay(response: Response, code: string): number | undefined {
  const mayRepeat = response.status === 503 || code === 'idempotency_in_progress';
  if (!mayRepeat) return undefined;
  const seconds = Number(response.headers.get('retry-after') ?? '1');
  if (!Number.isFinite(seconds) || seconds < 0 || seconds > retryAfterSecondsMax) return undefined;
  return seconds;
}

/** The error that an answer says. */
export async function problemOf(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) {
    return new ApiError('unexpected_answer', { status: response.status, requestId });
  }
  try {
    const problem = (await response.json()) as Partial<Problem>;
    return new ApiError(typeof problem.code === 'string' ? problem.code : 'unexpected_answer', {
      status: response.status,
      requestId: problem.requestId ?? requestId,
      detail: problem.detail ?? problem.title,
      fields: problem.errors,
    });
  } catch (cause) {
    return new ApiError('unexpected_answer', { status: response.status, requestId, cause });
  }
}

function queryString(query: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * A typed client of the service, the same in a browser and in Node.
 *
 * Every method rejects with `ApiError` only. Writes carry an idempotency key, therefore a busy
 * service (503 with a short Retry-After) is asked again up to twice without doubling an effect.
 */
export function createClient(options: ClientOptions = {}) {
  const baseUrl = options.baseUrl ?? '';
  const send = options.fetch ?? fetch;
  const wait = options.wait ?? sleep;

  async function once(path: string, init: RequestInit, tokenRefused: boolean): Promise<Response> {
    const headers = new Headers(init.headers);
    if (options.token) headers.set('authorization', `Bearer ${await options.token(tokenRefused)}`);
    try {
      return await send(`${baseUrl}${path}`, { ...init, headers });
    } catch (cause) {
      // A session in between has said already what is wrong.
      if (init.signal?.aborted || cause instanceof ApiError) throw cause;
      throw new ApiError('network', { cause });
    }
  }

  async function request(
    path: string,
    init: RequestInit = {},
    sendings = attemptsMax,
  ): Promise<Response> {
    let tokenRefused = false;
    for (let attempt = 1; ; attempt++) {
      const response = await once(path, init, tokenRefused);
      if (response.ok) return response;
      const problem = await problemOf(response);
      if (response.status === 401 && options.token && !tokenRefused) {
        tokenRefused = true;
        continue;
      }
      if (attempt >= sendings) throw problem;
      const seconds = retryDelay(response, problem.code);
      if (seconds === undefined) throw problem;
      await wait(seconds * 1000);
    }
  }

  async function getJson<T>(path: string, read: ReadOptions = {}): Promise<T> {
    const response = await request(path, read.signal ? { signal: read.signal } : {});
    return parse<T>(response);
  }

  async function getText(path: string, read: ReadOptions = {}): Promise<string> {
    return (await request(path, read.signal ? { signal: read.signal } : {})).text();
  }

  async function parse<T>(response: Response): Promise<T> {
    // An answer without a body; those calls promise nothing.
    if (response.status === 204) return undefined as T;
    try {
      // The service validates its answers against the schemas that these types are inferred from.
      return (await response.json()) as T;
    } catch (cause) {
      throw new ApiError('unexpected_answer', { status: response.status, cause });
    }
  }

  async function write<T>(
    method: string,
    path: string,
    body: FormData | object | undefined,
    options: WriteOptions = {},
  ): Promise<T> {
    const isForm = body instanceof FormData;
    const headers = new Headers({
      'idempotency-key': options.idempotencyKey ?? newIdempotencyKey(),
    });
    if (body !== undefined && !isForm) headers.set('content-type', 'application/json');
    const content = isForm ? body : body && JSON.stringify(body);
    const init = {
      method,
      headers,
      ...(content === undefined ? {} : { body: content }),
      ...(options.signal ? { signal: options.signal } : {}),
    };
    const response = await request(path, init, options.once ? 1 : attemptsMax);
    return response.status === 204 ? (undefined as T) : parse<T>(response);
  }

  /** A write without content that may be repeated: doing it twice is doing it once. */
  async function order<T>(path: string): Promise<T> {
    return parse<T>(await request(path, { method: 'POST' }));
  }

  function post<T>(path: string, body: FormData | object, options?: WriteOptions): Promise<T> {
    return write<T>('POST', path, body, options);
  }

  /** Parts put behind each other until the service says that there is no next one. */
  async function exportedRecords(keyId: string, read: ReadOptions = {}): Promise<string> {
    const path = `/v1/keys/${encodeURIComponent(keyId)}/records/export`;
    const parts: string[] = [];
    for (let from: string | null = '0'; from !== null; ) {
      const init = read.signal ? { signal: read.signal } : {};
      const response = await request(`${path}${queryString({ from })}`, init);
      parts.push(await response.text());
      from = response.headers.get('cinnabar-next');
    }
    return parts.join('');
  }

  async function blob(path: string, init: RequestInit = {}): Promise<Blob> {
    return (await request(path, init)).blob();
  }

  function picture(path: string, read: ReadOptions = {}): Promise<Blob> {
    return blob(path, read.signal ? { signal: read.signal } : {});
  }

  return {
    demo: {
      identities: (read?: ReadOptions) =>
        getJson<{ identities: DemoIdentity[] }>('/v1/demo/identities', read),
      applicants: (read?: ReadOptions) => getJson<DemoApplicants>('/v1/demo/applicants', read),
      token: (identity: string) => post<DemoToken>('/v1/demo/token', { identity }),
      ledger: {
        /** The first event of the subject is served with one byte changed, until `restore`. */
        alter: (subject: string) => post<DemoLedger>('/v1/demo/ledger/alter', { subject }),
        restore: () => post<DemoLedger>('/v1/demo/ledger/restore', {}),
      },
    },
    service: {
      /** Answers 503 when a binding is down; that is a state to show, not an error to throw. */
      readiness: async (read: ReadOptions = {}): Promise<Readiness> => {
        const response = await once('/readyz', read.signal ? { signal: read.signal } : {}, false);
        return parse<Readiness>(response);
      },
      notice: (read?: ReadOptions) => getJson<Notice>('/v1/notice', read),
    },
    /** Roots and issuing authorities in PEM; trust them from elsewhere where it matters. */
    certificateAuthorities: async (read: ReadOptions = {}): Promise<string> => {
      const init = read.signal ? { signal: read.signal } : {};
      return (await request('/pki/ca.crt', init)).text();
    },
    /** The public ledger. What it says is checked with `cinnabar/ledger`. */
    ledger: {
      checkpoint: (read?: ReadOptions) => getText('/ledger/checkpoint', read),
      trust: (read?: ReadOptions) => getJson<LedgerTrust>('/ledger/trust', read),
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<LedgerPage>(`/ledger/entries${queryString({ ...query })}`, read),
      entry: (index: number, read?: ReadOptions) =>
        getJson<LedgerEntry>(`/ledger/entries/${index}`, read),
      /** All of a subject's events, oldest first. */
      history: async (subject: string, read?: ReadOptions) => {
        const entries: LedgerHistory['entries'] = [];
        let cursor: string | undefined;
        do {
          const query = queryString({ limit: 100, cursor });
          const path = `/ledger/subjects/${subject}${query}`;
          const page: LedgerHistory = await getJson<LedgerHistory>(path, read);
          entries.push(...page.entries);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        return { subject, entries };
      },
      status: (subject: string, read?: ReadOptions) =>
        getJson<LedgerStatus>(`/ledger/subjects/${subject}/status`, read),
      inclusion: (index: number, size: number, read?: ReadOptions) =>
        getJson<LedgerInclusionProof>(
          `/ledger/proof/inclusion${queryString({ index, size })}`,
          read,
        ),
      consistency: (first: number, second: number, read?: ReadOptions) =>
        getJson<LedgerConsistencyProof>(
          `/ledger/proof/consistency${queryString({ first, second })}`,
          read,
        ),
    },
    records: {
      /** What was done with a key, for `verifyRecords` of `cinnabar/certificates`. */
      export: exportedRecords,
    },
    ...institutionApi({ getJson, write, blob, queryString }),
    passkeys: passkeyCalls({ getJson, write, queryString }),
    personalKeys: personalKeyApi({ getJson, write, queryString }),
    certificates: certificateApi({ getJson, post, query: queryString }),
    chips: {
      status: (read?: ReadOptions) => getJson<ChipCluster>('/v1/chips', read),
      add: (chip: { chip: string; zone: string; pool?: string }, write?: WriteOptions) =>
        post<Chip>('/v1/chips', chip, write),
      drain: (chip: string) => order<Chip>(`/v1/chips/${encodeURIComponent(chip)}/drain`),
      /** @param acceptLoss although it may have the only copies of keys */
      reset: (chip: string, acceptLoss = false) =>
        post<Chip>(`/v1/chips/${encodeURIComponent(chip)}/reset`, { acceptLoss }),
      readmit: (chip: string) => order<Chip>(`/v1/chips/${encodeURIComponent(chip)}/readmit`),
      /** @param after position of the record before; -1 for the oldest */
      log: (chip: string, after: number, read?: ReadOptions) =>
        getJson<ChipLog>(
          `/v1/chips/${encodeURIComponent(chip)}/log${queryString({ after })}`,
          read,
        ),
      anchorLogs: () => order<ChipLogAnchors>('/v1/chips/log-anchors'),
      /** In demo mode: stops a chip for a minute. */
      halt: (chip: string) => order<ChipHalt>(`/v1/chips/${encodeURIComponent(chip)}/halt`),
    },
    ...sealCalls({ getJson, write, picture, queryString }),
    ...sealServiceCalls({ getJson, write, queryString }),
    ...paymentCalls({ getJson, getText, write, queryString }),
    ...chipBackupCalls({ getJson, write, queryString }),
    ...tokenCalls({ getJson, write, queryString }),
    ...webhookCalls({ getJson, write, queryString }),
    ...federationCalls({ getJson, write, queryString, post, request, wait }),
    audit: {
      list: (query: ListQuery = {}, read?: ReadOptions) =>
        getJson<AuditPage>(`/v1/audit${queryString({ ...query })}`, read),
      /** Fixes the newest record in the ledger now, unless it stands there. */
      anchor: () => order<AuditAnchor>('/v1/audit/anchor'),
    },
  };
}

export type Client = ReturnType<typeof createClient>;
