// The rows of tagger-rows.ts inside workerd, timed from outside as those of gm.workerd.ts are.
import { loadTagger } from '../src/core/tagger.ts';
import { type Commanded, commanded } from './commanded.ts';
import { taggerRows } from './tagger-rows.ts';

const worker: Commanded = commanded(async () => taggerRows(await loadTagger()));

// biome-ignore lint/style/noDefaultExport: workerd finds a Worker by its default export.
export default worker;
