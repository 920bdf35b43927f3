import { instantiateSync } from '@assemblyscript/loader';
import { compileAt } from '#compile';

/** What an AssemblyScript module of ours exports: functions over linear memory, and that memory. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/**
 * Returns the compiled module behind `source`, compiling each address once per process.
 *
 * In workerd a `.wasm` import is already a module, since compiling from bytes is forbidden there.
 */
export function moduleOf(source: WebAssembly.Module | URL): Promise<WebAssembly.Module> {
  if (!(source instanceof URL)) return Promise.resolve(source);
  const known = compiled.get(source.href);
  if (known) return known;
  const pending = compileAt(source);
  compiled.set(source.href, pending);
  // A failed download may succeed when asked again; only success is remembered.
  pending.catch(() => compiled.delete(source.href));
  return pending;
}

/**
 * Makes one instance with its own memory.
 *
 * A trap inside (`unreachable`, an AssemblyScript assertion) is a bug of ours: the caller must
 * drop the instance, because its memory may be half written.
 */
export function instantiate<T extends CoreExports>(module: WebAssembly.Module): T {
  return instantiateSync(module, {}).exports as unknown as T;
}
