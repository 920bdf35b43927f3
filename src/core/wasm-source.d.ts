/** What `#wasm/<module>` resolves to: a compiled module in workerd, its address elsewhere. */
declare const source: WebAssembly.Module | URL;
export default source;
