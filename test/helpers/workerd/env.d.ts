import type { D1Migration } from '@cloudflare/vitest-pool-workers';
import type { BehaviourDesk } from '../../../src/platform/durable/behaviour-desk.ts';
import type { EdgeBindings } from '../../../src/workers/edge.ts';

declare global {
  namespace Cloudflare {
    /** What tests in workerd find in `env`: the Worker's bindings and its migrations. */
    interface Env extends EdgeBindings {
      readonly TEST_MIGRATIONS: D1Migration[];
      readonly TEST_BEHAVIOUR: DurableObjectNamespace<BehaviourDesk>;
    }
    interface GlobalProps {
      mainModule: typeof import('../../../src/workers/edge.ts');
    }
  }
}
