import type { D1Migration } from '@cloudflare/vitest-pool-workers';
import type { EdgeBindings } from '../../../src/workers/edge.ts';

declare global {
  namespace Cloudflare {
    /** What tests in workerd find in `env`: the Worker's bindings and its migrations. */
    interface Env extends EdgeBindings {
      readonly TEST_MIGRATIONS: D1Migration[];
    }
    interface GlobalProps {
      mainModule: typeof import('../../../src/workers/edge.ts');
    }
  }
}
