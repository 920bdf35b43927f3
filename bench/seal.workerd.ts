// The rows of seal-rows.ts inside workerd, timed from outside as those of gm.workerd.ts are.
import { loadSeal } from '../src/core/seal.ts';
import { type Commanded, commanded } from './commanded.ts';
import { sealRows } from './seal-rows.ts';

const worker: Commanded = commanded(async () => sealRows(await loadSeal()));

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default worker;
