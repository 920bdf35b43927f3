import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Miniflare as MiniflareClass } from 'miniflare';
import type { ChipService } from '../../src/domain/chips/messages.ts';
import { workerConfigs } from '../../src/hosts/workers.mjs';
import { auxiliaryWorkers } from './auxiliary-workers.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
// The one that wrangler brings along, so that it fits its configuration reader.
const fromWrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare } = fromWrangler('miniflare') as { Miniflare: typeof MiniflareClass };

const nothing = 'export default { fetch: () => new Response(null, { status: 404 }) };';

/** The chips Worker as it is deployed, in workerd, with what its configuration is to hold. */
export async function chipsInWorkerd(settings: {
  readonly secrets: Readonly<Record<string, string>>;
  /** Where its objects are stored; in memory if left out. */
  readonly folder?: string;
}) {
  const [edge = ''] = workerConfigs;
  const config = ['src/workers/chips.toml'];
  const workers = await auxiliaryWorkers(root, edge, config, settings.secrets);
  const chips = workers.map((worker) => ({
    ...worker,
    bindings: { ...worker.bindings, ...settings.secrets },
  }));
  const caller = {
    name: 'caller',
    modules: true,
    script: nothing,
    serviceBindings: { CHIPS: { name: 'cinnabar-chips', entrypoint: 'Chips' } },
  };
  const options = { workers: [caller, ...chips] } as ConstructorParameters<
    typeof MiniflareClass
  >[0];
  const persist = settings.folder ? { durableObjectsPersist: settings.folder } : {};
  const runtime = new Miniflare({ ...options, ...persist } as typeof options);
  const { CHIPS } = (await runtime.getBindings('caller')) as { CHIPS: ChipService };
  return { service: CHIPS, stop: () => runtime.dispose() };
}
