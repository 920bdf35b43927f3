// Builds the biometrics host: one file with its modules and the networks' weights under
// dist/biometrics. Its packages are its own (src/hosts/biometrics/package.json), so that nobody else
// installs them. Usage: node wasm-build/biometrics.mjs. Needs the output of build.mjs.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(fileURLToPath(new URL('..', import.meta.url)));
const home = join(root, 'src', 'hosts', 'biometrics');
const out = join(root, 'dist', 'biometrics');
const models = join(home, 'node_modules', '@vladmandic', 'face-api', 'model');
const tensors = join(home, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
const networks = ['ssd_mobilenetv1_model', 'face_landmark_68_model', 'face_recognition_model'];

function install() {
  const lock = readFileSync(join(home, 'package-lock.json'), 'utf8');
  const stamp = join(home, 'node_modules', '.installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error('the packages of the biometrics host could not be installed');
  writeFileSync(stamp, lock);
}

try {
  install();
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['src/hosts/biometrics/main.ts'],
    outfile: join(out, 'biometrics.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    conditions: ['node'],
    alias: { '@tensorflow/tfjs': join(home, 'tensors.ts') },
    // face-api and TensorFlow's modules ask for Node's by name, and for where they are.
    banner: {
      js: [
        "import { createRequire as requireAt } from 'node:module';",
        'const require = requireAt(import.meta.url);',
        "const __filename = new URL(import.meta.url).pathname, __dirname = __filename.replace(/\\/[^/]*$/, '');",
      ].join(''),
    },
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'error',
  });
  for (const name of networks) {
    for (const file of [`${name}.bin`, `${name}-weights_manifest.json`]) {
      copyFileSync(join(models, file), join(out, file));
    }
  }
  for (const file of ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm']) {
    copyFileSync(join(tensors, file), join(out, file));
  }
  for (const file of ['seal.wasm', 'biometric.wasm']) {
    copyFileSync(join(root, 'wasm-build', 'out', file), join(out, file));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
