// Runs the benchmarks and writes wasm-build/out/bench/*.json, bench/RESULTS.md and bench/plots.
// Usage: npm run bench [-- node|workerd|chromium|pictures|ledger|service|federation|latency|tagger|tokens|
// seals|pages|report|growth ...]; growth alone draws what test/growth measured;
// without names, all of them.
// npm run bench:leaks looks for timing that depends on secrets.
// BENCH_ROUNDS (21) and BENCH_SAMPLE_MICROS (20000) set how long that takes.
import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { cpus, loadavg, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import esbuild from 'esbuild';
import { writeGrowth, writeReport } from './report.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const out = join(root, 'wasm-build', 'out');
const rounds = Number(process.env.BENCH_ROUNDS ?? 21);
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);

async function bundle(entry, platform, conditions, extra = {}) {
  const outfile = join(out, `${entry}.mjs`);
  await esbuild.build({
    entryPoints: [join(root, 'bench', `${entry}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform,
    conditions,
    loader: { '.jpg': 'binary' },
    target: 'es2022',
    logLevel: 'warning',
    ...extra,
  });
  return outfile;
}

function environment() {
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    date: new Date().toISOString(),
    commit: git.stdout.trim(),
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown processor'}`,
    loadBefore: loadavg().map((load) => Number(load.toFixed(2))),
    rounds,
    sampleMicros,
  };
}

async function save(name, document) {
  await mkdir(join(out, 'bench'), { recursive: true });
  const path = join(out, 'bench', `${name}.json`);
  await writeFile(path, `${JSON.stringify(document, null, 1)}\n`);
}

/** Time from compiling to the first signature, in processes that have done nothing else. */
async function firstSignature() {
  const script = await bundle('gm.start', 'node', ['node']);
  const times = [];
  for (let i = 0; i < rounds; i++) {
    times.push(JSON.parse(execFileSync(process.execPath, [script], { encoding: 'utf8' })));
  }
  const median = (key) => times.map((time) => time[key]).sort((a, b) => a - b)[rounds >> 1];
  return {
    loadMillis: median('load'),
    loadCpuMillis: median('loadCpu'),
    firstSignatureMillis: median('sign'),
    firstSignatureCpuMillis: median('signCpu'),
  };
}

async function node() {
  const described = environment();
  const script = await bundle('gm.bench', 'node', ['node'], {
    // The libraries under comparison run as they are installed.
    packages: 'external',
  });
  const run = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error('the benchmark in Node failed');
  const wasm = await readFile(join(out, 'gm.wasm'));
  await save('gm-node', {
    ...described,
    ...JSON.parse(run.stdout),
    wasm: { bytes: wasm.length, gzip: gzipSync(wasm, { level: 9 }).length },
    start: await firstSignature(),
  });
}

/** A program that measures by itself and prints the document. */
async function measured(entry, name) {
  const described = environment();
  const script = await bundle(entry, 'node', ['node'], { packages: 'external' });
  const run = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`the benchmark ${entry} failed`);
  await save(name, { ...described, ...JSON.parse(run.stdout) });
}

async function ledger() {
  const described = environment();
  const script = await bundle('ledger.bench', 'node', ['node']);
  const run = spawnSync(process.execPath, [script, process.env.BENCH_LEDGER_ENTRIES ?? '100000'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error('the benchmark of the ledger failed');
  await save('ledger-node', { ...described, ...JSON.parse(run.stdout) });
}

const pictures = () => measured('decode.bench', 'pictures-node');
async function federation() {
  await measured('federation.bench', 'federation-node');
  await inWorkerd('federation', ['federated', 'libsodium']);
}

/** The service whole, in workerd. */
const service = () => measured('service.bench', 'service-workerd');

/** A program that measures at a service of its own, as `npm start` makes it. */
async function atService(entry, name, { more = [], sampleData = false, external } = {}) {
  const described = environment();
  const script = await bundle(entry, 'node', ['node'], external ? { packages: 'external' } : {});
  const state = await mkdtemp(join(tmpdir(), `cinnabar-${name}-`));
  const words = ['src/hosts/local.mjs', '--state', state, '--port', '18790'];
  if (sampleData) words.push('--sample-data');
  const host = spawn(process.execPath, words, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await new Promise((found, failed) => {
      let printed = '';
      host.once('exit', () => failed(new Error(`the service did not start\n${printed}`)));
      host.stdout.on('data', (chunk) => {
        printed += chunk;
        const [, address] = /Console +(http:\/\/localhost:\d+)\//.exec(printed) ?? [];
        if (address && (sampleData ? /✓ sample data/ : /Stop +Ctrl-C/).test(printed))
          found(address);
      });
    });
    const run = await promisify(execFile)(process.execPath, [script, url, ...more]);
    await save(name, { ...described, ...JSON.parse(run.stdout) });
  } finally {
    host.kill('SIGINT');
    if (host.exitCode === null) await once(host, 'exit');
    await rm(state, { recursive: true, force: true });
  }
}

/** An applicant at a whole service. */
const latency = () => atService('federation.latency', 'federation-latency');

/** Pages of the console, opened for the first time. */
const pages = () =>
  atService('console.pages', 'console-pages', {
    more: [String(Math.min(rounds, 5))],
    sampleData: true,
    external: true,
  });

async function leaks() {
  const described = environment();
  const script = await bundle('timing-leaks', 'node', ['node']);
  const run = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error('the search for leaks failed');
  const document = JSON.parse(run.stdout);
  await save('gm-leaks', { ...described, ...document });
  for (const { name, classes, t, isPlanted } of document.results) {
    if (t < document.limit !== isPlanted) continue;
    console.error(`${name} (${classes}): t = ${t.toFixed(2)}${isPlanted ? ', not caught' : ''}`);
    process.exitCode = 1;
  }
}

/** CPU nanoseconds of all threads of a process so far. */
function cpuNanos(pid) {
  let sum = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  }
  return sum;
}

function childProcesses() {
  return new Set(
    readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
      .split(' ')
      .filter((pid) => pid !== ''),
  );
}

function summarise(samples) {
  const sorted = samples.sort((a, b) => a - b);
  const at = (share) => sorted[Math.round((sorted.length - 1) * share)];
  return { micros: at(0.5), low: at(0.25), high: at(0.75), rounds: sorted.length };
}

/** Modules lie where the script does, wherever a source file says that they are. */
const besideTheScript = {
  name: 'beside-the-script',
  setup({ onResolve }) {
    onResolve({ filter: /^\..*\.wasm$/ }, ({ path }) => ({
      path: `./${basename(path)}`,
      external: true,
    }));
  },
};

/** The rows of a door inside workerd. */
async function inWorkerd(door, modules = [door]) {
  const described = environment();
  const { Miniflare } = await import('miniflare');
  const script = await bundle(`${door}.workerd`, 'neutral', ['workerd', 'worker'], {
    external: ['*.wasm'],
    mainFields: ['module', 'main'],
    alias: { libsodium: join(root, 'src', 'platform', 'sodium', 'libsodium.ts') },
    plugins: [besideTheScript],
  });
  const before = childProcesses();
  const miniflare = new Miniflare({
    modulesRoot: out,
    modules: [
      { type: 'ESModule', path: script },
      ...modules.map((name) => ({ type: 'CompiledWasm', path: join(out, `${name}.wasm`) })),
    ],
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
  });
  try {
    const rows = await (await miniflare.dispatchFetch('http://bench/')).json();
    const [pid] = [...childProcesses()].filter((child) => !before.has(child));
    if (!pid) throw new Error('the process of workerd was not found');
    const run = async (row, contestant, count) => {
      const start = cpuNanos(pid);
      const begun = performance.now();
      const query = `row=${row}&contestant=${contestant}&count=${count}`;
      await (await miniflare.dispatchFetch(`http://bench/?${query}`)).text();
      const wall = (performance.now() - begun) * 1000;
      return { cpu: (cpuNanos(pid) - start) / 1000, wall };
    };
    // A request itself costs some 0.3 ms, so samples are long against that.
    const wanted = Math.max(sampleMicros, 50_000);
    const results = [];
    for (const [i, row] of rows.entries()) {
      process.stderr.write(`  ${row.title}\n`);
      const counts = [];
      for (const contestant of row.contestants.keys()) {
        let count = 1;
        let elapsed = (await run(i, contestant, count)).cpu;
        while (elapsed < wanted) {
          count *= 2;
          elapsed = (await run(i, contestant, count)).cpu;
        }
        counts.push(Math.max(1, Math.round((count * wanted) / elapsed)));
      }
      const samples = row.contestants.map(() => []);
      const walls = row.contestants.map(() => []);
      for (let round = 0; round < rounds; round++) {
        for (const [contestant, count] of counts.entries()) {
          const { cpu, wall } = await run(i, contestant, count);
          const runs = count * (row.perRun ?? 1);
          samples[contestant].push(cpu / runs);
          walls[contestant].push(wall / runs);
        }
      }
      const { contestants, perRun, ...rest } = row;
      const figures = contestants.map((name, k) => ({
        name,
        ...summarise(samples[k]),
        wall: summarise(walls[k]).micros,
      }));
      results.push({ ...rest, figures });
    }
    const { version } = JSON.parse(
      await readFile(join(root, 'node_modules', 'workerd', 'package.json'), 'utf8'),
    );
    await save(`${door}-workerd`, {
      ...described,
      host: `workerd ${version} through Miniflare`,
      clock: 'CPU time of the workerd process, seen from outside',
      results,
    });
  } finally {
    await miniflare.dispose();
  }
}

/** The rows of a door in a page. */
async function inChromium(door, wasm = [door]) {
  const described = environment();
  const { chromium: browserType } = await import('playwright-core');
  const script = await bundle(`${door}.browser`, 'browser', ['browser']);
  const files = new Map([
    ['/', ['text/html', '<!doctype html><script type="module" src="/bench.js"></script>']],
    ['/bench.js', ['text/javascript', await readFile(script)]],
  ]);
  for (const module of wasm) {
    const bytes = await readFile(join(out, `${module}.wasm`));
    files.set(`/${module}.wasm`, ['application/wasm', bytes]);
  }
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '');
    response.writeHead(file ? 200 : 404, {
      'content-type': file?.[0] ?? 'text/plain',
      // The policy under which the package promises to work.
      'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
    });
    response.end(file?.[1]);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
  const browser = await browserType.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(280_000);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => 'runBenchmark' in globalThis);
    const results = await page.evaluate(
      ([count, micros]) => globalThis.runBenchmark(count, micros),
      [rounds, sampleMicros],
    );
    await save(`${door}-chromium`, {
      ...described,
      host: `Chromium ${browser.version()}`,
      clock: 'wall time in the page',
      results,
    });
  } finally {
    await browser.close();
    server.close();
  }
}

async function tagger() {
  await measured('tagger.bench', 'tagger-node');
  await inWorkerd('tagger');
  await inChromium('tagger');
}

/** Each stage of a verification. OPENCV_JS names a copy of opencv-js to compare with in Node. */
async function seals() {
  const wasm = ['seal', 'vendor-stroke', 'vendor-spectrum', 'vendor-glyphs'];
  await measured('seal.bench', 'seal-node');
  await inWorkerd('seal', wasm);
  await inChromium('seal', wasm);
}

const workerd = () => inWorkerd('gm');
const chromium = () => inChromium('gm');
/** Designs of a token in workerd, and the round trips that a readable one saves. */
async function tokens() {
  await inWorkerd('tokens', ['gm']);
  const described = environment();
  const script = await bundle('tokens.trips', 'node', ['node']);
  const run = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error('the benchmark of round trips failed');
  await save('tokens-trips', { ...described, ...JSON.parse(run.stdout) });
}

const hosts = {
  node,
  workerd,
  chromium,
  pages,
  pictures,
  ledger,
  service,
  federation,
  latency,
  tagger,
  tokens,
  seals,
};
const benchmarks = { ...hosts, leaks };
const named = process.argv.slice(2);
const unknown = named.filter((name) => !(name in benchmarks) && name !== 'report');
if (named.length === 1 && named[0] === 'growth') {
  await writeGrowth(root);
  process.exit();
}
if (unknown.length > 0) {
  console.error(`there is no benchmark named ${unknown.join(', ')}`);
  process.exit(2);
}
execFileSync(
  process.execPath,
  [
    join(root, 'wasm-build', 'build.mjs'),
    'gm',
    'seal',
    'vendor-stroke',
    'vendor-spectrum',
    'vendor-glyphs',
    'tagger',
    'federated',
  ],
  {
    stdio: 'inherit',
  },
);
for (const [name, run] of Object.entries(benchmarks)) {
  if (named.length > 0 ? !named.includes(name) : !(name in hosts)) continue;
  console.error(`${name}:`);
  await run();
}
const failures = await writeReport(root);
for (const failure of failures) console.error(failure);
if (failures.length > 0) process.exitCode = 1;
