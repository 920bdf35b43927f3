import type { Bilingual, Imprint, SealShape } from '../client/index.ts';

export interface SampleSeal {
  id: string;
  shape: SealShape;
  name: string;
  remark: string;
}

/** A picture that ships with the console, so that the journey needs no scanner. */
export interface Sample {
  id: string;
  seal: string;
  role: 'reserved' | 'query';
  file: string;
  dpi: number;
  note: Bilingual;
}

export interface Samples {
  seals: SampleSeal[];
  items: Sample[];
}

let loading: Promise<Samples> | undefined;

export function loadSamples(): Promise<Samples> {
  loading ??= fetch('/samples/manifest.json').then(async (response) => {
    if (!response.ok) throw new Error(`samples: the server answered ${response.status}`);
    // Our own file, shipped beside this script.
    return (await response.json()) as Samples;
  });
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

export function sampleAddress(sample: Sample): string {
  return `/samples/${sample.file}`;
}

export async function openSample(sample: Sample): Promise<Imprint> {
  const response = await fetch(sampleAddress(sample));
  if (!response.ok) throw new Error(`sample: the server answered ${response.status}`);
  return { bytes: await response.blob(), name: sample.file, dpi: sample.dpi };
}
