import type { PicturePair } from '../../client/index.ts';
import { client } from '../session.ts';
import { type Coverage, coverageOf } from './compose.ts';

export interface ImprintPair {
  pair: PicturePair;
  reserved: Coverage;
  query: Coverage;
}

async function readPicture(blob: Blob): Promise<Coverage> {
  const bitmap = await createImageBitmap(blob);
  const canvas = document.createElement('canvas');
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (!context) throw new Error('viewer: this browser gives no canvas');
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return coverageOf(canvas.width, canvas.height, data);
}

/** Pairs that were loaded before anybody opened them; each is used once. */
const ahead = new Map<string, Promise<ImprintPair>>();
const aheadMax = 4;

/** Loads a pair for whoever opens it next. */
export async function preloadPair(id: string, vendor: string): Promise<void> {
  const key = `${id} ${vendor}`;
  if (ahead.has(key)) return;
  const pair = fetchPair(id, vendor, new AbortController().signal);
  ahead.set(key, pair);
  for (const old of [...ahead.keys()].slice(0, -aheadMax)) ahead.delete(old);
  // One that failed is asked for again when it is opened.
  pair.catch(() => ahead.delete(key));
  await pair;
}

/** As `fetchPair`, unless the pair is here already. */
export function loadPair(id: string, vendor: string, signal: AbortSignal): Promise<ImprintPair> {
  const key = `${id} ${vendor}`;
  const early = ahead.get(key);
  ahead.delete(key);
  return early ?? fetchPair(id, vendor, signal);
}

/** Both imprint pictures of a verification, as the vendor's templates give them back. */
async function fetchPair(id: string, vendor: string, signal: AbortSignal): Promise<ImprintPair> {
  const [pair, reserved, query] = await Promise.all([
    client.verifications.pictures(id, vendor, { signal }),
    client.verifications.picture(id, 'reserved', vendor, { signal }),
    client.verifications.picture(id, 'query', vendor, { signal }),
  ]);
  return { pair, reserved: await readPicture(reserved), query: await readPicture(query) };
}
