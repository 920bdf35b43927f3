// The rows of federation-rows.ts inside workerd, timed from outside as those of gm.workerd.ts are.
import { loadFederated } from '../src/core/federated.ts';
import { type Commanded, commanded } from './commanded.ts';
import { federationRows } from './federation-rows.ts';

const worker: Commanded = commanded(async () => federationRows(await loadFederated()));

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default worker;
