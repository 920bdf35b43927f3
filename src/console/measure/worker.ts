// Measures on a thread of its own, so that the page stays responsive. It is stopped from outside:
// whoever started it ends it.
import gmSource from '#wasm/gm';
import sealSource from '#wasm/seal';
import strokeSource from '#wasm/vendor-stroke';
import { clockStep, measureRun } from '../../lib/measure.ts';
import { type Module, type News, type Order, rowIds } from './plan.ts';
import { openRows } from './rows.ts';

const sources = { gm: gmSource, seal: sealSource, 'vendor-stroke': strokeSource };

/** A page has no other clock than the wall's. */
const clock = () => performance.now() * 1000;
const progressEveryMicros = 100_000;

const tell = (news: News) => postMessage(news);

async function moduleOfName([name, source]: [string, unknown]): Promise<Module | undefined> {
  if (!(source instanceof URL)) return undefined;
  const file = await (await fetch(source)).blob();
  const packed = file.stream().pipeThrough(new CompressionStream('gzip'));
  const gzipBytes = (await new Response(packed).arrayBuffer()).byteLength;
  return { name, bytes: file.size, gzipBytes };
}

async function obey({ rounds, sampleMicros, floorMicros }: Order): Promise<void> {
  const [{ runs, picture }, modules] = await Promise.all([
    openRows(),
    Promise.all(Object.entries(sources).map(moduleOfName)),
  ]);
  tell({
    kind: 'ready',
    setting: {
      clockStepMicros: clockStep(clock),
      modules: modules.filter((module) => module !== undefined),
      picture,
    },
  });
  for (const row of rowIds) {
    tell({ kind: 'progress', row, samples: 0 });
    let toldAt = clock();
    const progress = (samples: number) => {
      if (clock() - toldAt < progressEveryMicros) return;
      toldAt = clock();
      tell({ kind: 'progress', row, samples });
    };
    const summary = measureRun(runs[row], { clock, rounds, sampleMicros, floorMicros, progress });
    tell({ kind: 'row', row, summary });
  }
  tell({ kind: 'done' });
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  obey(data).catch((error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
