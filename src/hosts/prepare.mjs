// What must exist before the Workers can start. Each step leaves alone what is in step already.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { federationRoster, federationSecretNames } from './federation.mjs';

/** Something the person at the terminal can mend; shown without a stack. */
export class Failure extends Error {}

/** Secrets of the local Workers. wrangler gives each Worker only those that its file names. */
const secretNames = [
  'DEMO_TOKEN_SECRET',
  'CHIP_STORAGE_KEY',
  'WITNESS_STORAGE_KEY',
  'BUSINESS_KEY',
  ...federationSecretNames,
];

/** What a person may fill in: docs/operations.md. */
const optionalNames = [
  'BIOMETRICS',
  'CHIP_BACKUP_KEY',
  'CHIP_HOSTS',
  'CHIP_RESTORE',
  'OTLP_URL',
  'OTLP_HEADER',
];

export function wrangler(root) {
  const path = join(root, 'node_modules', 'wrangler', 'bin', 'wrangler.js');
  if (!existsSync(path)) throw new Failure('Packages are missing. Run `npm ci` first.');
  return path;
}

/** Without these wrangler asks the internet for updates, sends usage data and fetches metadata. */
export function wranglerEnv(state) {
  return {
    ...process.env,
    WRANGLER_SEND_METRICS: 'false',
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    X_LOCAL_EXPLORER: 'false',
    WRANGLER_LOG_PATH: join(state, 'wrangler-logs'),
    WRANGLER_REGISTRY_PATH: join(state, 'wrangler-registry'),
    NO_COLOR: '1',
  };
}

/**
 * Makes the secrets on the first start, readable by this user only, and returns their path.
 *
 * Stores whose chip key is lost are not given a new one: what the chips hold would open no more.
 */
export async function ensureSecrets(state) {
  const path = join(state, 'secrets.env');
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  const isMissing = (name) => !new RegExp(`^${name}=`, 'm').test(text);
  const missing = secretNames.filter(isMissing);
  if (missing.includes('CHIP_STORAGE_KEY') && existsSync(join(state, 'stores'))) {
    throw new Failure(`CHIP_STORAGE_KEY is gone from ${path}, and the stores beside it open with nothing else.
Put it back, or delete ${state} to start afresh.`);
  }
  const lines = missing.map((name) => `${name}=${randomBytes(32).toString('base64url')}\n`);
  lines.push(...optionalNames.filter(isMissing).map((name) => `${name}=\n`));
  const kept = (text + lines.join('')).replace(/^FEDERATION_ROSTER=.*\n/m, '');
  const secrets = Object.fromEntries(kept.split('\n').map((line) => line.split('=')));
  // Public, but configuration all the same; it follows from the keys and the sample model.
  const whole = `${kept}FEDERATION_ROSTER=${federationRoster(secrets)}\n`;
  if (whole !== text) await writeFile(path, whole, { mode: 0o600 });
  await chmod(path, 0o600);
  return path;
}

/**
 * What only a run knows: the address at which it is reached, and optional settings of the
 * environment. Returns the path of a file that wrangler reads after the secrets.
 */
export async function runSettings(state, base) {
  const path = join(state, 'run.env');
  const said = optionalNames.filter((name) => process.env[name]);
  const settings = Object.entries({
    ...Object.fromEntries(said.map((name) => [name, process.env[name]])),
    ...demoSettings(base),
  });
  await rm(path, { force: true });
  await writeFile(path, settings.map(([name, value]) => `${name}=${value}\n`).join(''), {
    mode: 0o600,
  });
  return path;
}

/**
 * What only a run in demo mode says: what the sample business system must know of a service that is
 * reached at `base`, and that chips may be stopped.
 */
export function demoSettings(base) {
  return { TOKEN_ISSUER: base, PUBLIC_URL: `${base}/v1/business`, CHIP_HALT: 'allowed' };
}

/**
 * The WebAssembly modules, then the static files, which hold them too. `tick` hears in words of
 * each thing that was out of step and is done; `options` are those of wasm-build/build.mjs.
 */
export async function buildAll(root, tick = () => {}, options = []) {
  const failure = 'The WebAssembly modules did not build';
  const built = await step(failure, root, ['wasm-build/build.mjs', ...options]);
  if (built.trim() !== '') tick(`core built, ${await coreSize(root)}`);
  if (!(await isStaticStale(root))) return;
  await buildStatic(root);
  tick('console built');
}

async function coreSize(root) {
  const files = (await wholeFolder(join(root, 'wasm-build', 'out'))).filter(isWasm);
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  return `${Math.round(total / 1000)} kB in ${files.length} modules`;
}

function isWasm(name) {
  return name.endsWith('.wasm');
}

/** What the Worker's assets binding serves: the console, and the API page's script and style. */
async function buildStatic(root) {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const built = join(root, 'dist', 'console');
  const fresh = `${built}.${process.pid}`;
  try {
    await step('The console did not build', root, [
      vite,
      'build',
      '--logLevel',
      'warn',
      '--outDir',
      fresh,
    ]);
    await mkdir(join(fresh, 'docs'));
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
      const source = join(root, 'node_modules', 'swagger-ui-dist', file);
      await copyFile(source, join(fresh, 'docs', file));
    }
    await buildGuard(root, fresh);
    await writeManifest(root, fresh);
    // Swapped in whole, so that nobody is served half a console.
    await rm(built, { recursive: true, force: true });
    await rename(fresh, built);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The service worker of terminals: one file at an address that does not change. */
async function buildGuard(root, folder) {
  const { build } = await import('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: ['src/console/guard/worker.ts'],
    outfile: join(folder, 'guard.js'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    logLevel: 'silent',
  });
}

const runs = /\.(?:js|css|wasm|html)$/;

/**
 * The manifest of what a terminal runs, which the key manager signs (src/core/software). Names are
 * ASCII and sorted, so this is the canonical text that RFC 8785 asks for.
 */
async function writeManifest(root, folder) {
  const names = (await wholeFolder(folder))
    .map((name) => name.slice(folder.length))
    .filter((name) => runs.test(name) && !name.startsWith('/docs/'))
    .sort();
  const files = {};
  for (const name of names) {
    files[name] = createHash('sha256')
      .update(await readFile(folder + name))
      .digest('hex');
  }
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const manifest = { files, kind: 'cinnabar terminal software', v: 1, version };
  await writeFile(join(folder, 'software.json'), JSON.stringify(manifest));
}

async function isStaticStale(root) {
  const built = await stat(join(root, 'dist', 'console', 'index.html')).catch(() => undefined);
  if (!built) return true;
  const sources = ['src/console', 'src/client', 'src/core', 'src/lib'];
  const files = await Promise.all(sources.map((folder) => wholeFolder(join(root, folder))));
  const out = join(root, 'wasm-build', 'out');
  const modules = (await readdir(out)).filter(isWasm);
  const settings = [join(root, 'vite.config.ts'), join(root, 'package-lock.json')];
  for (const file of [...files.flat(), ...modules.map((name) => join(out, name)), ...settings]) {
    if ((await stat(file)).mtimeMs > built.mtimeMs) return true;
  }
  return false;
}

async function wholeFolder(folder) {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/**
 * Brings the local database to the newest schema. The digest spares wrangler's start-up, and a copy
 * of the empty database spares it to the next who starts afresh.
 */
export async function applyMigrations(root, state, tick) {
  const folder = join(root, 'src', 'platform', 'd1', 'migrations');
  const hash = createHash('sha256');
  for (const name of (await readdir(folder)).sort()) {
    hash.update(name).update(await readFile(join(folder, name)));
  }
  const stores = join(state, 'stores');
  const stamp = join(stores, 'migrations.sha256');
  const digest = hash.digest('hex');
  if ((await readFile(stamp, 'utf8').catch(() => '')) === digest) return;
  const empty = join(root, 'node_modules', '.cache', 'cinnabar', `database-${digest}`);
  const isFresh = !existsSync(stores);
  if (isFresh && existsSync(empty)) {
    await cp(empty, stores, { recursive: true });
  } else {
    await step(
      'The database could not be brought up to date',
      root,
      [wrangler(root), 'd1', 'migrations', 'apply', 'DB', '--local', '--persist-to', stores],
      wranglerEnv(state),
    );
    if (isFresh) await keepWhole(stores, empty);
  }
  await writeFile(stamp, digest);
  tick('database migrated');
}

/** Copies a folder to a place where others may look for it: there it is whole, or not yet there. */
async function keepWhole(folder, place) {
  const copy = `${place}.${process.pid}`;
  await cp(folder, copy, { recursive: true });
  try {
    await rename(copy, place);
  } catch {
    // Somebody else's is there already.
    await rm(copy, { recursive: true, force: true });
  }
}

/** Process groups of the steps that run now; whoever stops early ends them too. */
export const stepGroups = new Set();

export async function step(failure, root, command, env = process.env) {
  const child = spawn(process.execPath, command, {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  stepGroups.add(child.pid);
  const output = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => output.push(chunk));
  }
  const [code] = await once(child, 'close');
  stepGroups.delete(child.pid);
  const text = Buffer.concat(output).toString();
  if (code !== 0) throw new Failure(`${failure}:\n${text}`);
  return text;
}
