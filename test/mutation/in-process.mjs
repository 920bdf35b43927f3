// A runner for Stryker that loads the modules and tests of a group once, and runs for each mutant
// only the tests that come to it, the cheapest files first, until one fails. A mutant of what is
// computed while a module is loaded gets a process of its own.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { createServer } from 'vite';
import { expect } from 'vitest';

const vitestHere = fileURLToPath(new URL('vitest-here.mjs', import.meta.url));
const testTimeoutMs = 30_000;
/** Making keys takes its time on a busy machine. */
const setUpTimeoutMs = 240_000;
/** As Stryker numbers them. */
const [succeeded, failed] = [0, 1];
/** A few courses of each property tell as much, and every mutant runs them. */
const courses = 20;

/** What the instrumented modules read and write. */
const stryker = () => {
  globalThis.__stryker__ ??= {};
  return globalThis.__stryker__;
};

class InProcess {
  capabilities() {
    return { reloadEnvironment: false };
  }

  async init() {
    fc.configureGlobal({ numRuns: courses });
    // What a mutant left behind ends no process.
    process.on('unhandledRejection', () => undefined);
    this.vite = await createServer({
      configFile: false,
      logLevel: 'error',
      appType: 'custom',
      server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      optimizeDeps: { noDiscovery: true, include: [] },
      resolve: { alias: [{ find: /^vitest$/, replacement: vitestHere }] },
    });
  }

  /** Loads the tests with the first run, so that a mutant of what loading computes is in force. */
  async load() {
    if (this.suites) return;
    const { collected } = await this.vite.ssrLoadModule(vitestHere);
    this.suites = [];
    for (const file of process.env.MUTATION_TESTS.split(' ')) {
      const load = () => this.vite.ssrLoadModule(resolve(file));
      this.suites.push({ ...(await collected(file, expect, load)), costMs: 0 });
    }
  }

  async dryRun() {
    const tests = await this.run(new Run());
    return { status: 'complete', tests, mutantCoverage: stryker().mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation }) {
    if (mutantActivation !== 'static') await this.load();
    const state = stryker();
    const hitCount = hitLimit === undefined ? undefined : 0;
    Object.assign(state, { hitLimit, hitCount, activeMutant: activeMutant.id });
    try {
      const tests = await this.run(new Run(testFilter));
      if (state.hitCount > hitLimit) return { status: 'timeout', reason: `${hitLimit} times` };
      const first = tests.find(({ status }) => status === failed);
      if (!first) return { status: 'survived', nrOfTests: tests.length };
      const { id, failureMessage } = first;
      return { status: 'killed', killedBy: [id], failureMessage, nrOfTests: tests.length };
    } catch (error) {
      // The modules do not load with it.
      return { status: 'killed', killedBy: [], failureMessage: String(error), nrOfTests: 0 };
    } finally {
      state.activeMutant = undefined;
    }
  }

  async run(run) {
    await this.load();
    for (const suite of [...this.suites].sort((a, b) => a.costMs - b.costMs)) {
      const startedAt = performance.now();
      await run.suite(suite, []);
      if (!run.wanted) suite.costMs = performance.now() - startedAt;
      if (run.isOver) break;
    }
    return run.results;
  }

  async dispose() {
    await this.vite?.close();
  }
}

/** One run of all tests, or of those that are wanted, until one fails. */
class Run {
  results = [];
  isOver = false;

  constructor(wanted) {
    this.wanted = wanted && new Set(wanted);
  }

  wants(id) {
    return this.wanted?.has(id) ?? true;
  }

  wantsAnyOf(path) {
    return !this.wanted || [...this.wanted].some((id) => id.startsWith(`${path} > `));
  }

  async suite(suite, outer) {
    const path = [...outer, suite];
    const name = path.map((one) => one.name).join(' > ');
    if (!this.wantsAnyOf(name)) return;
    // Counts as a test of its own: whatever the set-up comes to is covered by it.
    if (suite.beforeAll.length > 0) {
      await this.test(`${name} > set-up`, suite.beforeAll, setUpTimeoutMs);
    }
    for (const member of suite.members) {
      if (this.isOver) break;
      const id = `${name} > ${member.name}`;
      if (member.members) await this.suite(member, path);
      else if (this.wants(id)) {
        const before = path.flatMap((one) => one.beforeEach);
        const after = path.flatMap((one) => one.afterEach);
        await this.test(id, [...before, member.run, ...after], testTimeoutMs);
      }
    }
    for (const end of suite.afterAll) await end();
  }

  async test(id, steps, timeoutMs) {
    const state = stryker();
    state.currentTestId = id;
    const startedAt = performance.now();
    const result = { id, name: id, status: succeeded };
    try {
      for (const step of steps) await inTime(step({ task: { meta: {} } }), timeoutMs);
    } catch (error) {
      result.status = failed;
      result.failureMessage = String(error?.message ?? error);
      this.isOver = true;
    }
    state.currentTestId = undefined;
    this.results.push({ ...result, timeSpentMs: performance.now() - startedAt });
  }
}

async function inTime(work, timeoutMs) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('the test took too long')), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const strykerPlugins = [
  { kind: 'TestRunner', name: 'in-process', injectableClass: InProcess },
];
