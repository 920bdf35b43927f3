// Builds the WebAssembly modules again whenever a file under assembly changes. wrangler and Vite
// watch their own sources and the built modules.
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
let isBuilding = false;
let isStale = false;

watch(`${root}assembly`, { recursive: true }, () => {
  isStale = true;
  build();
});

function build() {
  if (isBuilding || !isStale) return;
  isBuilding = true;
  isStale = false;
  const child = spawn(process.execPath, ['wasm-build/build.mjs'], { cwd: root, stdio: 'inherit' });
  child.once('exit', () => {
    isBuilding = false;
    build();
  });
}
