/**
 * Fetches and compiles the module at `address`.
 *
 * Falls back to a whole-body compile when the server does not send `application/wasm`, which
 * `compileStreaming` insists on.
 */
export async function compileAt(address: URL): Promise<WebAssembly.Module> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`wasm module: the server answered ${response.status}`);
  if (response.headers.get('content-type')?.startsWith('application/wasm')) {
    return WebAssembly.compileStreaming(response);
  }
  return WebAssembly.compile(await response.arrayBuffer());
}

/** Compiles a module that is at hand as bytes. */
export function compileBytes(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return WebAssembly.compile(bytes);
}
