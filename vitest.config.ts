import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';
import { federationRoster, federationSecretNames } from './src/hosts/federation.mjs';
import { demoSettings } from './src/hosts/prepare.mjs';
import { workerConfigs } from './src/hosts/workers.mjs';
import { auxiliaryWorkers } from './test/helpers/auxiliary-workers.ts';
import { patientPool } from './test/helpers/patient-pool.ts';

const root = fileURLToPath(new URL('.', import.meta.url));
// wrangler calls its own [secrets] table experimental once per configuration read.
process.env.WRANGLER_LOG ??= 'error';

const [edgeConfig, ...otherConfigs] = workerConfigs;
/** Any 32 bytes do: the stores of a test run are empty at its start and gone at its end. */
const testSecret = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const testKeys = Object.fromEntries(
  federationSecretNames.map((name, i) => [
    name,
    createHash('sha256').update(`test ${i}`).digest('base64url'),
  ]),
);
const testSecrets = {
  ...testKeys,
  CHIP_STORAGE_KEY: testSecret,
  WITNESS_STORAGE_KEY: testSecret,
  BUSINESS_KEY: testSecret,
  ...demoSettings('http://localhost:8787'),
  FEDERATION_ROSTER: federationRoster(testKeys),
};

// In CI the closing line is computed from a machine-readable report beside the readable one.
const reporters = process.env.CI
  ? ['default', ['json', { outputFile: 'test-results/vitest.json' }] as ['json', object]]
  : ['default'];

const slow = {
  test: {
    name: 'slow',
    environment: 'node',
    include: ['test/**/*.slow.test.ts'],
    testTimeout: 30 * 60_000,
    hookTimeout: 5 * 60_000,
  },
};

const everyday = [
  {
    test: {
      name: 'node',
      environment: 'node',
      include: ['test/**/*.test.ts'],
      exclude: ['test/**/*.{workerd,browser,slow}.test.ts'],
      // Tests that start programs must pass on a busy machine too.
      testTimeout: 30_000,
      hookTimeout: 60_000,
    },
  },
  {
    // Inside workerd, with the bindings of wrangler.toml on local stores.
    plugins: [
      cloudflareTest(async () => ({
        wrangler: { configPath: edgeConfig },
        miniflare: {
          bindings: {
            CINNABAR_MODE: 'demo',
            PLACES: 'cloudflare',
            DEMO_TOKEN_SECRET: testSecret,
            FEDERATION_ROSTER: testSecrets.FEDERATION_ROSTER,
            FEDERATION_DEADLINE_MS: '20000',
            TEST_MIGRATIONS: await readD1Migrations(`${root}src/platform/d1/migrations`),
          },
          // Of the sample business system, for the contract of its store.
          durableObjects: {
            TEST_BEHAVIOUR: {
              className: 'BehaviourDesk',
              scriptName: 'cinnabar-business',
              useSQLite: true,
            },
          },
          workers: await auxiliaryWorkers(root, edgeConfig ?? '', otherConfigs, testSecrets),
        },
      })),
      patientPool(),
    ],
    resolve: {
      // The pool does not read wrangler's [alias].
      alias: [{ find: /^libsodium$/, replacement: `${root}src/platform/sodium/libsodium.ts` }],
    },
    test: {
      name: 'workerd',
      testTimeout: 30_000,
      hookTimeout: 60_000,
      include: ['test/**/*.workerd.test.ts'],
      setupFiles: ['test/helpers/workerd/apply-migrations.ts'],
    },
  },
  {
    // Node programs that drive a real browser and often a whole service: one file keeps two
    // processors busy.
    test: {
      name: 'browser',
      environment: 'node',
      include: ['test/**/*.browser.test.ts'],
      fileParallelism: false,
      // A machine that stood still is no defect. What needed a second go is told by its name.
      retry: process.env.CI ? 1 : 0,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  },
];

/** `vitest run` is the everyday suite; `vitest run --mode slow` is what takes minutes. */
export default defineConfig(({ mode }) => ({
  // The Worker logs every request; only that of a failed test is of interest.
  test: {
    reporters,
    silent: 'passed-only',
    // Of two processors the tool would use one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: mode === 'slow' ? [slow] : everyday,
  },
}));
