import type { ChipService } from '../domain/chips/messages.ts';
import type { ObjectWatch } from '../domain/seals/ports.ts';
import type { AuditChain } from '../platform/durable/audit-log.ts';

export { AuditChain } from '../platform/durable/audit-log.ts';

/** The bindings of wrangler.toml. */
export interface EdgeEnv {
  readonly CINNABAR_MODE: string;
  readonly TOKEN_SECRET: string;
  readonly ASSETS: Fetcher;
  readonly DB: D1Database;
  readonly OBJECTS: R2Bucket;
  readonly NOTICES: KVNamespace;
  readonly CLEANUP: Queue<ObjectWatch>;
  readonly RATE_LIMIT: RateLimit;
  readonly CHIPS: ChipService;
  readonly AUDIT: DurableObjectNamespace<AuditChain>;
}

export default {
  fetch: () => new Response('soon', { status: 503 }),
} satisfies ExportedHandler<EdgeEnv>;
