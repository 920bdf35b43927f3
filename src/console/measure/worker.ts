// Measures on a thread of its own, so that the page stays responsive. It is stopped from outside:
// whoever started it ends it.
import federatedSource from '#wasm/federated';
import gmSource from '#wasm/gm';
import sealSource from '#wasm/seal';
import taggerSource from '#wasm/tagger';
import glyphsSource from '#wasm/vendor-glyphs';
import spectrumSource from '#wasm/vendor-spectrum';
import strokeSource from '#wasm/vendor-stroke';
import { clockStep, sampler, summarise } from '../../lib/measure.ts';
import { groups, type Module, type News, type Order } from './plan.ts';
import { openRows } from './rows.ts';

const sources = {
  gm: gmSource,
  seal: sealSource,
  'vendor-stroke': strokeSource,
  'vendor-spectrum': spectrumSource,
  'vendor-glyphs': glyphsSource,
  tagger: taggerSource,
  federated: federatedSource,
};

/** A page has no other clock than the wall's. */
const clock = () => performance.now() * 1000;
/** Drawing takes time from the processor that is measured. */
const tellEveryMicros = 150_000;

const tell = (news: News) => postMessage(news);

async function moduleOfName([name, source]: [string, unknown]): Promise<Module | undefined> {
  if (!(source instanceof URL)) return undefined;
  const file = await (await fetch(source)).blob();
  const packed = file.stream().pipeThrough(new CompressionStream('gzip'));
  const gzipBytes = (await new Response(packed).arrayBuffer()).byteLength;
  return { name, bytes: file.size, gzipBytes };
}

async function obey({ rounds, sampleMicros, floorMicros }: Order): Promise<void> {
  const [{ runs, picture, absent }, modules] = await Promise.all([
    openRows(),
    Promise.all(Object.entries(sources).map(moduleOfName)),
  ]);
  tell({
    kind: 'ready',
    setting: {
      clockStepMicros: clockStep(clock),
      modules: modules.filter((module) => module !== undefined),
      picture,
      absent,
    },
  });
  let toldAt = clock();
  for (const group of groups) {
    tell({ kind: 'begun', group: group.id });
    const rows = group.rows.flatMap((id) => {
      const run = runs[id];
      if (run === undefined) return [];
      const take = sampler(run, { clock, sampleMicros, floorMicros });
      return { id, take, samples: [] as number[] };
    });
    const tellFigures = () => {
      toldAt = clock();
      const figures = new Map(rows.map(({ id, samples }) => [id, summarise(samples)]));
      tell({ kind: 'figures', figures });
    };
    // In turn, so that what disturbs the machine disturbs all rows of the group.
    for (let round = 0; round < rounds; round++) {
      for (const { take, samples } of rows) samples.push(take());
      if (clock() - toldAt >= tellEveryMicros) tellFigures();
    }
    tellFigures();
  }
  tell({ kind: 'done' });
}

addEventListener('message', ({ data }: MessageEvent<Order>) => {
  obey(data).catch((error: unknown) => {
    tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  });
});
