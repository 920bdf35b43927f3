/** workerd forbids compiling WebAssembly at run time: modules arrive compiled, as imports. */
export function compileAt(address: URL): Promise<WebAssembly.Module> {
  return Promise.reject(
    new Error(`workerd cannot compile ${address.pathname}; import it as a module instead`),
  );
}

export function compileBytes(_: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return Promise.reject(new Error('workerd cannot compile bytes; import them as a module instead'));
}
