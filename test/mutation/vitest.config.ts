import { defineConfig } from 'vitest/config';

/** The tests that prove the modules under mutation, as the group in force names them. */
export default defineConfig({
  test: {
    environment: 'node',
    setupFiles: ['test/mutation/setup.ts'],
    include: (process.env.MUTATION_TESTS ?? '').split(' '),
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
