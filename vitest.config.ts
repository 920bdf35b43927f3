import { defineConfig } from 'vitest/config';

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
    },
  },
  {
    // Node programs that drive a real browser and often a whole service: one file at a time.
    test: {
      name: 'browser',
      environment: 'node',
      include: ['test/**/*.browser.test.ts'],
      fileParallelism: false,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  },
];

/** `vitest run` is the everyday suite; `vitest run --mode slow` is what takes minutes. */
export default defineConfig(({ mode }) => ({
  test: { reporters, projects: mode === 'slow' ? [slow] : everyday },
}));
