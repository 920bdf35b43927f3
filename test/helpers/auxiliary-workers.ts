import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import { build } from 'esbuild';
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler';

type PoolOptions = Exclude<Parameters<typeof cloudflareTest>[0], (...input: never[]) => unknown>;
type AuxiliaryWorker = NonNullable<NonNullable<PoolOptions['miniflare']>['workers']>[number];

type Services = AuxiliaryWorker['serviceBindings'];

/** The pool runs the Worker under test under a name of its own. */
const poolName = 'vitest-pool-workers-runner-workerd';

/** What another Worker would ask of the one under test reaches it under the pool's name. */
function services(bindings: Services, mainName: string): NonNullable<Services> {
  const entries = Object.entries(bindings ?? {}).map(([binding, service]) => {
    const isMain =
      service === mainName ||
      (typeof service === 'object' &&
        service !== null &&
        'name' in service &&
        service.name === mainName);
    return [binding, isMain ? poolName : service];
  });
  return Object.fromEntries(entries);
}

/** Settings of one Worker for Miniflare, with what `wrangler` would have bundled for it. */
export async function bundledWorker(
  root: string,
  configPath: string,
  secrets: Readonly<Record<string, string>>,
): Promise<AuxiliaryWorker> {
  const path = join(root, configPath);
  const config = unstable_readConfig({ config: path });
  if (!config.main || !config.name) throw new Error(`${configPath} names no main or no name`);
  const folder = join(root, 'wasm-build', 'out', 'workers', config.name);
  await mkdir(folder, { recursive: true });
  const { outputFiles } = await build({
    write: false,
    entryPoints: { index: config.main },
    outdir: folder,
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:async_hooks'],
    alias: Object.fromEntries(
      Object.entries<string>(config.alias ?? {}).map(([name, file]) => [
        name,
        resolve(dirname(path), file),
      ]),
    ),
    loader: { '.wasm': 'copy' },
    assetNames: '[name]',
    logLevel: 'warning',
  });
  // Renamed into their places: another test that starts the same Worker must never read half a file.
  await Promise.all(
    outputFiles.map(async (file) => {
      const draft = join(folder, `${randomUUID()}.draft`);
      await writeFile(draft, file.contents);
      await rename(draft, file.path);
    }),
  );
  const { workerOptions } = unstable_getMiniflareWorkerOptions(path);
  const files = outputFiles
    .map((file) => basename(file.path))
    .filter((name) => name !== 'index.js');
  const required: readonly string[] = config.secrets?.required ?? [];
  return {
    ...workerOptions,
    name: config.name,
    modulesRoot: folder,
    modules: [
      { type: 'ESModule', path: join(folder, 'index.js') },
      ...files.map((file) => ({ type: 'CompiledWasm' as const, path: join(folder, file) })),
    ],
    bindings: {
      ...workerOptions.bindings,
      ...Object.fromEntries(required.map((name) => [name, secrets[name] ?? ''])),
    },
  } as AuxiliaryWorker;
}

/**
 * Bundles the Workers that stand beside the one under test.
 *
 * The test pool transforms only the main Worker; the others must reach it as plain modules. Names,
 * bindings and objects come from their own configuration files, so tests run what is deployed.
 */
export async function auxiliaryWorkers(
  root: string,
  mainConfigPath: string,
  configPaths: readonly string[],
  secrets: Readonly<Record<string, string>>,
): Promise<AuxiliaryWorker[]> {
  const mainName = unstable_readConfig({ config: join(root, mainConfigPath) }).name ?? '';
  return Promise.all(
    configPaths.map(async (configPath) => {
      const worker = await bundledWorker(root, configPath, secrets);
      return { ...worker, serviceBindings: services(worker.serviceBindings, mainName) };
    }),
  );
}
