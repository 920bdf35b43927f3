export interface WriteOptions {
  /**
   * One key per intention: a caller that repeats a write whose answer it never saw passes the same
   * key, and the effect happens once. Left out, each call is an intention of its own.
   */
  idempotencyKey?: string;
  signal?: AbortSignal;
  /** The same bytes must not be sent again: a busy service is reported instead of asked again. */
  once?: true;
}

export interface ReadOptions {
  signal?: AbortSignal;
}

export interface ListQuery {
  cursor?: string | undefined;
  limit?: number | undefined;
}

/** How the calls below reach the service. */
export interface Transport {
  getJson<T>(path: string, read?: ReadOptions): Promise<T>;
  write<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: FormData | object | undefined,
    options?: WriteOptions,
  ): Promise<T>;
  queryString(query: Record<string, string | number | undefined>): string;
}
