// Seal verification in Node. With OPENCV_JS, the path
// of @techstark/opencv-js, its ORB features are matched on the same pictures in the same rounds.
import { createRequire } from 'node:module';
import type { Raster } from '../src/core/raster.ts';
import { loadSeal } from '../src/core/seal.ts';
import { measureInNode } from './in-node.ts';
import { type Peer, sealRows } from './seal-rows.ts';

/** The little that is used of opencv-js; its objects live until they are deleted. */
interface Deletable {
  delete(): void;
}
interface Mat extends Deletable {
  readonly rows: number;
}
interface OpenCv {
  onRuntimeInitialized: () => void;
  readonly Mat: new () => Mat;
  readonly KeyPointVector: new () => Deletable;
  readonly DMatchVector: new () => Deletable & { size(): number };
  readonly ORB: new (
    features: number,
  ) => Deletable & {
    detectAndCompute(image: Mat, mask: Mat, points: Deletable, described: Mat): void;
  };
  readonly BFMatcher: new (
    norm: number,
    isCrossChecked: boolean,
  ) => Deletable & {
    match(query: Mat, train: Mat, found: Deletable): void;
  };
  readonly NORM_HAMMING: number;
  readonly COLOR_RGBA2GRAY: number;
  matFromImageData(image: { data: Uint8ClampedArray; width: number; height: number }): Mat;
  cvtColor(from: Mat, to: Mat, code: number): void;
}

const FEATURES = 500;

async function orbOf(path: string): Promise<Peer> {
  // What the package exports.
  const cv = createRequire(import.meta.url)(path) as OpenCv;
  await new Promise<void>((ready) => {
    cv.onRuntimeInitialized = ready;
  });
  function described({ rgba, width, height }: Raster): Mat {
    const image = cv.matFromImageData({ data: new Uint8ClampedArray(rgba), width, height });
    const [grey, mask, out, points] = [
      new cv.Mat(),
      new cv.Mat(),
      new cv.Mat(),
      new cv.KeyPointVector(),
    ];
    const orb = new cv.ORB(FEATURES);
    cv.cvtColor(image, grey, cv.COLOR_RGBA2GRAY);
    orb.detectAndCompute(grey, mask, points, out);
    for (const used of [image, grey, mask, points, orb]) used.delete();
    return out;
  }
  return (reserved, query) => ({
    name: 'ORB of opencv-js',
    run() {
      const [a, b] = [described(reserved), described(query)];
      const matcher = new cv.BFMatcher(cv.NORM_HAMMING, true);
      const found = new cv.DMatchVector();
      matcher.match(a, b, found);
      const count = found.size();
      for (const used of [a, b, matcher, found]) used.delete();
      if (count === 0) throw new Error('ORB matched nothing');
      return count;
    },
  });
}

const path = process.env.OPENCV_JS;
measureInNode(sealRows(await loadSeal(), path === undefined ? undefined : await orbOf(path)));
