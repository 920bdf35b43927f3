// Builds what the Workers and the browser need and is not in step with its sources, all of it from
// its sources: this is what tests, packages and deployments stand on.
import { fileURLToPath } from 'node:url';
import { buildAll, Failure } from './prepare.mjs';

try {
  await buildAll(fileURLToPath(new URL('../..', import.meta.url)), undefined, ['--compile']);
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  process.exit(1);
}
