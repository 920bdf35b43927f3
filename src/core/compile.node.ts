import { readFile } from 'node:fs/promises';

/** Compiles the module stored at a `file:` address. */
export async function compileAt(address: URL): Promise<WebAssembly.Module> {
  return WebAssembly.compile(await readFile(address));
}

/** Compiles a module that is at hand as bytes. */
export function compileBytes(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return WebAssembly.compile(bytes);
}
