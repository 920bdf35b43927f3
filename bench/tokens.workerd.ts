// The rows of tokens-rows.ts inside workerd, timed from outside as those of gm.workerd.ts are.
import { type Commanded, commanded } from './commanded.ts';
import { tokenRows } from './tokens-rows.ts';

const worker: Commanded = commanded(tokenRows);

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default worker;
