/** What the service, or the way to it, refused. `code` is stable; show words chosen by it. */
export class ApiError extends Error {
  /** A code of the service's error table, or `network` or `unexpected_answer` of this client. */
  readonly code: string;
  /** The HTTP status; 0 when no answer arrived. */
  readonly status: number;
  /** To quote when asking for help. */
  readonly requestId: string | undefined;
  /** Which fields were refused, as JSON pointers. */
  readonly fields: readonly { pointer: string; code: string }[];

  constructor(
    code: string,
    options: {
      status?: number;
      requestId?: string | undefined;
      detail?: string | undefined;
      fields?: readonly { pointer: string; code: string }[] | undefined;
      cause?: unknown;
    } = {},
  ) {
    super(options.detail ?? code, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = options.status ?? 0;
    this.requestId = options.requestId;
    this.fields = options.fields ?? [];
  }
}
