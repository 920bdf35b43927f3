// Runs the whole service on this machine: builds what is missing, prepares the local stores and
// starts every Worker of workers.mjs in one process group, which ends with this process.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  applyMigrations,
  buildAll,
  ensureSecrets,
  Failure,
  runSettings,
  step,
  stepGroups,
  wrangler,
  wranglerEnv,
} from './prepare.mjs';
import { isServiceState, pin, serviceSettings } from './service.mjs';
import { hostKey, keepSweeping } from './sweep.mjs';
import { serviceConfigs, workerConfigs } from './workers.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const address = '127.0.0.1';
const portsTried = 20;
// A start takes seconds; on a machine that does much else it has taken a minute.
const readyTimeoutMs = 150_000;
const stopTimeoutMs = 5_000;
const killTimeoutMs = 1_000;

const usage = `npm start -- [options]

Runs the whole service and the console on this machine, and builds first what is out of date.

  --port N        first port to try; 8787 if not given
  --state FOLDER  where the stores, secrets and logs are; .cinnabar if not given, of a
                  service .cinnabar-service
  --no-build      takes what is built already
  --service       no demo: a service of your own, as FOLDER/service.env describes it
  --sample-data   fills a fresh service with accounts, imprints, certificates and payments
  --dev           builds again when a source changes, and shows the log here
  --help          show this text
`;

const options = readOptions();
const state = resolve(root, options.state);
const lock = join(state, 'host.json');
const log = join(state, 'host.log');

/** The wrangler process; it leads the process group of all Workers. */
let workers;
/** Process groups of the programs that rebuild while `--dev` runs. */
const rebuilders = [];
/** Processes that were ended to be started anew. */
const retired = new Set();
let stopping = false;
let ticks = 0;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stop(0));
// A closed terminal also takes the output away; writing to it must not end the stopping early.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await run();
} catch (error) {
  if (!stopping) console.error(error instanceof Failure ? error.message : error);
  await stop(1);
}

async function run() {
  await mkdir(state, { recursive: true, mode: 0o700 });
  await claimState();
  const own = options.service ? await serviceSettings(state) : undefined;
  const secrets = own?.file ?? (await demoSecrets());
  if (!options['no-build'] && !existsSync(join(root, 'dist', 'console'))) {
    console.log(
      'First start: lays out the core, builds the console, makes the database and starts',
    );
    console.log('the Workers, up to a minute on a small machine. Each step says when it is done.');
  }
  await Promise.all([
    options['no-build'] ? undefined : buildAll(root, tick),
    applyMigrations(root, state, tick),
  ]);
  const port = await freePort(options.port);
  if (stopping) return;
  const host = await hostKey(state);
  if (own) return runService(port, own, host);
  const base = `http://localhost:${port}`;
  startWorkers(port, {
    configs: workerConfigs,
    files: [secrets, await runSettings(state, base), host.file],
    // Only here: a deployed Worker never has demo identities (docs/operations.md).
    vars: { CINNABAR_MODE: 'demo', PUBLIC_ORIGIN: base },
  });
  await writeLock(port);
  if (options.dev) startRebuilders();
  await untilReady(port);
  await printWelcome(port);
  await registerSample(port);
  if (!stopping) await keepSweeping(`http://${address}:${port}`, host.key);
  if (options['sample-data'] && !stopping) await fillWithSamples(port);
}

function demoSecrets() {
  if (isServiceState(state)) {
    throw new Failure(
      `${shown(state)}/ is of a service: npm start -- --service --state ${shown(state)}`,
    );
  }
  return ensureSecrets(state);
}

/** Without demo mode: its people come with tokens of the issuer that it is configured with. */
async function runService(port, { file, vars, origin, isPinned }, host) {
  const setup = { configs: serviceConfigs, files: [file, host.file], vars };
  startWorkers(port, setup);
  await writeLock(port);
  if (!isPinned) {
    await untilReady(port, (checks) => checks.ledger === 'failed');
    if (stopping) return;
    const trust = await pin(file, `http://${address}:${port}`);
    tick(`the log made its keys, and they are pinned in ${shown(file)}`);
    await restartWorkers(port, { ...setup, vars: { ...vars, LEDGER_TRUST: trust } });
  }
  await untilReady(port);
  if (stopping) return;
  console.log(`
Cinnabar is ready. A service of your own: nobody comes in without a token of your issuer.

  Outside   ${origin}/ (by a reverse proxy with TLS: docs/operations.md)
  Here      http://localhost:${port}/
  State     ${shown(state)}/ (cinnabar backup keeps all of it)
  Log       ${shown(log)}
  Stop      Ctrl-C
`);
  await keepSweeping(`http://${address}:${port}`, host.key);
}

async function restartWorkers(port, setup) {
  retired.add(workers);
  await stopGroup(workers.pid);
  if (stopping) return;
  startWorkers(port, setup);
  await writeLock(port);
}

/** By the command line tool, as anybody could from outside. */
async function fillWithSamples(port) {
  const tool = join(root, 'dist', 'cli.js');
  const failure = 'The sample data could not be made; is the service a fresh one?';
  console.log('  Sample data are on their way, about a minute; everything can be used meanwhile.');
  try {
    await step(failure, root, ['wasm-build/package.mjs', 'cli']);
    await step(failure, root, [tool, 'demo', '--fill', '--url', `http://localhost:${port}`]);
    tick('sample data: every list has something in it');
  } catch (error) {
    // The service itself is up, and stays.
    if (!stopping) console.error(error.message);
  }
}

/** Says what has been done. A start that finds all in step says nothing until the welcome. */
function tick(what) {
  ticks++;
  console.log(`  ✓ ${what} (${process.uptime().toFixed(1)} s)`);
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        dev: { type: 'boolean', default: false },
        'no-build': { type: 'boolean', default: false },
        'sample-data': { type: 'boolean', default: false },
        port: { type: 'string', default: '8787' },
        service: { type: 'boolean', default: false },
        state: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error('--port: 1 to 65535');
    if (values.service && (values.dev || values['sample-data'])) {
      throw new Error('--service takes neither --dev nor --sample-data');
    }
    const state = values.state ?? (values.service ? '.cinnabar-service' : '.cinnabar');
    return { ...values, port, state };
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    process.exit(2);
  }
}

/** Two hosts over the same stores would write into each other's files. */
async function claimState() {
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  const holder = text === undefined ? undefined : JSON.parse(text);
  if (holder && commandOf(holder.pid).includes('local.mjs')) {
    throw new Failure(
      `Cinnabar runs already, at http://localhost:${holder.port} (process ${holder.pid}).\n` +
        'Stop it first, or give this one stores of its own: npm start -- --state FOLDER',
    );
  }
  // A host that was killed could not end its Workers.
  if (holder?.group && commandOf(holder.group).includes(state)) await stopGroup(holder.group);
  await writeLock(options.port);
}

function writeLock(port) {
  return writeFile(lock, JSON.stringify({ pid: process.pid, port, group: workers?.pid }));
}

/** The command line of a process, or nothing: a number may have gone to another program. */
function commandOf(pid) {
  return spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout;
}

async function freePort(first) {
  // A proxy stands before a service, and looks for it nowhere else.
  if (options.service && !(await isFree(first))) throw new Failure(`Port ${first} is taken.`);
  for (let port = first; port < first + portsTried && port <= 65535; port++) {
    if (await isFree(port)) return port;
  }
  throw new Failure(`No free port from ${first} on. Choose another: npm start -- --port N`);
}

function isFree(port) {
  return new Promise((settle) => {
    const probe = createServer();
    probe.once('error', () => settle(false));
    probe.listen({ port, host: address, exclusive: true }, () => probe.close(() => settle(true)));
  });
}

function startWorkers(port, { configs, files, vars }) {
  // What a service wrote before stays; a demo begins anew.
  const output = options.dev ? 'inherit' : openSync(log, options.service ? 'a' : 'w');
  const started = spawn(
    process.execPath,
    [
      wrangler(root),
      'dev',
      ...configs.flatMap((config) => ['-c', join(root, config)]),
      '--ip',
      address,
      '--port',
      String(port),
      '--inspector-port',
      '0',
      '--persist-to',
      join(state, 'stores'),
      ...files.flatMap((file) => ['--env-file', file]),
      ...Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]),
      '--show-interactive-dev-session=false',
    ],
    // Detached: the leader of its own group, so that one signal reaches wrangler, esbuild and
    // workerd, and none survives.
    { cwd: root, env: wranglerEnv(state), stdio: ['ignore', output, output], detached: true },
  );
  workers = started;
  if (typeof output === 'number') closeSync(output);
  started.once('exit', () => {
    if (stopping || retired.has(started)) return;
    console.error('The Workers have stopped.');
    printLogTail();
    void stop(1);
  });
}

function startRebuilders() {
  const start = (script, ...rest) => {
    const child = spawn(process.execPath, [join(root, script), ...rest], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    rebuilders.push(child.pid);
  };
  start('src/hosts/watch-wasm.mjs');
  // Emptying the folder would take the files of the API page away.
  const vite = 'node_modules/vite/bin/vite.js';
  start(vite, 'build', '--watch', '--emptyOutDir', 'false', '--logLevel', 'warn');
}

/** Until everything answers, or all that `isEnough` asks for while something else does not. */
async function untilReady(port, isEnough = () => false) {
  const deadline = performance.now() + readyTimeoutMs;
  let last = 'no answer';
  let chipsAreUp = ticks === 0;
  while (performance.now() < deadline && !stopping) {
    try {
      const response = await fetch(`http://${address}:${port}/readyz`, {
        signal: AbortSignal.timeout(2_000),
      });
      last = await response.text();
      const checks = JSON.parse(last).checks ?? {};
      if (!chipsAreUp && checks.chips === 'ok') {
        chipsAreUp = true;
        tick('chips up');
      }
      if (checks.chips === 'ok' && isEnough(checks)) return;
      if (response.ok) {
        if (ticks > 0) tick('service ready');
        return;
      }
    } catch {
      // Not listening yet.
    }
    await new Promise((wake) => setTimeout(wake, 100));
  }
  if (stopping) return;
  printLogTail();
  throw new Failure(`The service was not ready after ${readyTimeoutMs / 1000} seconds: ${last}`);
}

function printLogTail() {
  if (options.dev) return;
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-30);
  console.error(`${lines.join('\n')}\n(all of it: ${shown(log)})`);
}

async function printWelcome(port) {
  const base = `http://localhost:${port}`;
  const taken = port === options.port ? '' : ` (port ${options.port} is taken)`;
  const people = await sampleIdentities(port);
  const body = `{"identity":"${people.find(({ role }) => role === 'teller').id}"}`;
  const [first, second] = halves(people.map(({ id }) => id));
  console.log(`
Cinnabar is ready. Demo mode: sample identities, this machine only.

  Console   ${base}/${taken}
  API page  ${base}/docs
  A token   curl -s ${base}/v1/demo/token -H 'content-type: application/json' -d '${body}'
  People    ${first}
            ${second}
  Examples  npm start -- --sample-data fills every list of a fresh service, in a minute

  State     ${shown(state)}/ (delete the folder to start afresh)
  Log       ${options.dev ? 'this terminal' : shown(log)}
  Stop      Ctrl-C
`);
}

/** The sample business system registers itself when it is first asked what it is. */
async function registerSample(port) {
  const response = await fetch(`http://${address}:${port}/v1/business/system`);
  if (!response.ok) console.error('The sample business system did not register; the log says why.');
}

async function sampleIdentities(port) {
  const response = await fetch(`http://${address}:${port}/v1/demo/identities`);
  const { identities } = await response.json();
  return identities;
}

/** Two lines that a terminal has room for. */
function halves(names) {
  const middle = Math.ceil(names.length / 2);
  return [names.slice(0, middle), names.slice(middle)].map((some) => some.join(' '));
}

/** A path as one would type it here. */
function shown(path) {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
}

async function stop(code) {
  if (stopping) return;
  stopping = true;
  const groups = [...stepGroups, ...rebuilders, ...(workers ? [workers.pid] : [])];
  await Promise.all(groups.map(stopGroup));
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text && JSON.parse(text).pid === process.pid) await rm(lock, { force: true });
  process.exit(code);
}

async function stopGroup(group) {
  signalGroup(group, 'SIGTERM');
  if (await isGone(group, stopTimeoutMs)) return;
  signalGroup(group, 'SIGKILL');
  await isGone(group, killTimeoutMs);
}

async function isGone(group, timeoutMs) {
  const deadline = performance.now() + timeoutMs;
  while (signalGroup(group, 0)) {
    if (performance.now() > deadline) return false;
    await new Promise((wake) => setTimeout(wake, 20));
  }
  return true;
}

/** Whether the group still had a member. */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}
