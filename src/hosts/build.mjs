// Builds what the Workers and the browser need and is not in step with its sources.
import { fileURLToPath } from 'node:url';
import { buildAll, Failure } from './prepare.mjs';

try {
  await buildAll(fileURLToPath(new URL('../..', import.meta.url)));
} catch (error) {
  console.error(error instanceof Failure ? error.message : error);
  process.exit(1);
}
