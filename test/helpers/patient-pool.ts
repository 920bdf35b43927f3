import type { Plugin } from 'vite';
import type { PoolRunnerInitializer, PoolWorker } from 'vitest/node';

const starts = 3;

async function startPatiently(worker: PoolWorker, startOnce: () => Promise<void>): Promise<void> {
  for (let left = starts - 1; ; left -= 1) {
    try {
      return await startOnce();
    } catch (error) {
      if (left === 0) throw error;
      console.warn(`${worker.name} did not start and is started again: ${String(error)}`);
    }
  }
}

/**
 * workerd has died before it said which port it took, once in several thousand starts. No test has
 * begun by then, so starting it again hides nothing of ours; the pool itself would leave the whole
 * file out. To stand behind `cloudflareTest` in the list of plugins.
 */
export function patientPool(): Plugin {
  return {
    name: 'patient-pool',
    configureVitest({ project }) {
      const pool = project.config.poolRunner as PoolRunnerInitializer | undefined;
      if (pool === undefined) throw new Error('patientPool stands before the pool it is for');
      project.config.poolRunner = {
        name: pool.name,
        createPoolWorker(options) {
          const worker = pool.createPoolWorker(options);
          const startOnce = worker.start.bind(worker);
          worker.start = () => startPatiently(worker, startOnce);
          return worker;
        },
      };
    },
  };
}
