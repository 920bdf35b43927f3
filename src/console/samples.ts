import type { Bilingual, Imprint, SealShape } from '../client/index.ts';
import { remember, remembered } from './storage.ts';

export interface SampleSeal {
  id: string;
  shape: SealShape;
  name: string;
  remark: string;
}

/** A picture that ships with the console, so that the journey needs no scanner. Its id tells what
 * it is, so a person never reads it. */
export interface Sample {
  id: string;
  seal: string;
  role: 'reserved' | 'query';
  file: string;
  dpi: number;
  /** What a presented one is: for after the verdict, never beside the picture. */
  truth?: Bilingual & { genuine: boolean };
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

/** Whose it is among the samples of its kind, from 1 on: all that a person is told beforehand. */
export function sampleNumber({ items }: Samples, sample: Sample): number {
  const siblings = items.filter(({ seal, role }) => seal === sample.seal && role === sample.role);
  return siblings.findIndex(({ id }) => id === sample.id) + 1;
}

/** As it is called where a file's name stands: the same for what is real and what is not. */
export function sampleFileName(samples: Samples, sample: Sample): string {
  return `${sample.seal}-${sample.role}-${sampleNumber(samples, sample)}.jpg`;
}

export async function openSample(sample: Sample): Promise<Imprint> {
  const response = await fetch(sampleAddress(sample));
  if (!response.ok) throw new Error(`sample: the server answered ${response.status}`);
  const name = sampleFileName(await loadSamples(), sample);
  return { bytes: await response.blob(), name, dpi: sample.dpi };
}

const presentedKept = 60;
const presentedName = 'presented-samples';

/** Pairs of a verification and the sample that was presented for it; the newest is the last. */
function presented(): [verification: string, file: string][] {
  try {
    return JSON.parse(remembered(presentedName) ?? '[]');
  } catch {
    return [];
  }
}

/** Remembers in this browser which pictures were samples; nothing of it is sent. */
export function rememberPresented(verification: string, imprint: Imprint): void {
  const kept = presented().slice(1 - presentedKept);
  remember(presentedName, JSON.stringify([...kept, [verification, imprint.name]]));
}

/** The sample that was presented for a verification, if this browser presented one. */
export async function presentedSample(verification: string): Promise<Sample | undefined> {
  const name = presented().find(([id]) => id === verification)?.[1];
  if (name === undefined) return undefined;
  const samples = await loadSamples();
  return samples.items.find((item) => sampleFileName(samples, item) === name);
}
