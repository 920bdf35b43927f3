import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { trainingKernels } from '../../../training/tagger/kernels.ts';
import { type Example, network, type Shape, tensorsOf } from '../../../training/tagger/network.ts';
import { Random } from '../../../training/tagger/random.ts';

const file = new URL('../../../wasm-build/out/training.wasm', import.meta.url);
const module = await WebAssembly.compile(readFileSync(file));

const shape: Shape = {
  channels: [
    { rows: 10, width: 4 },
    { rows: 6, width: 4 },
  ],
  convolution: 16,
  recurrence: 8,
  attention: 8,
  dense: 16,
  tags: 5,
  outputs: 8,
};

function example(random: Random, length: number): Example {
  const ids = [10, 6].map((rows) => Uint16Array.from({ length }, () => random.below(rows)));
  const tags = Uint8Array.from({ length }, (_, i) => (i === 4 ? 255 : random.below(5)));
  return { ids, tags };
}

function fresh(seed: number) {
  const kernels = trainingKernels(module);
  const net = network(kernels, shape, 32);
  net.initialise(new Random(seed));
  return { kernels, net };
}

const DROPOUT = 0.2;

it.each(tensorsOf(shape).map(([name]) => name))('D1: the gradient of %s is its slope', (name) => {
  const { kernels, net } = fresh(5);
  const random = new Random(9);
  for (const [bias] of tensorsOf(shape).filter(([bias]) => /[a-z]Bias$/.test(bias))) {
    if (bias === 'outputBias') continue;
    const values = net.tensor(bias);
    for (let i = 0; i < values.length; i++) values[i] = random.next() / 2 ** 33 - 0.2;
  }
  const text = example(random, 13);
  const lossAt = () => {
    // The same positions are dropped each time; transposed matrices are made anew.
    net.useMean(false);
    kernels.seedDropout(7);
    return net.learn(text, 1, DROPOUT);
  };
  net.view('gradients').fill(0);
  lossAt();
  const made = Float32Array.from(net.tensor(name, 'gradients'));
  const weights = net.tensor(name);
  const step = 4e-3;
  let [product, madeSquares, slopeSquares] = [0, 0, 0];
  for (let i = 0; i < weights.length; i += Math.max(1, weights.length >> 5)) {
    const weight = weights[i] ?? 0;
    weights[i] = weight + step;
    const above = lossAt();
    weights[i] = weight - step;
    const slope = (above - lossAt()) / (2 * step);
    weights[i] = weight;
    product += slope * (made[i] ?? 0);
    madeSquares += (made[i] ?? 0) ** 2;
    slopeSquares += slope ** 2;
  }
  // Not 1: a step of a weight may carry a rectifier over its bend.
  expect(product / Math.sqrt(madeSquares * slopeSquares)).toBeGreaterThan(0.995);
  expect(Math.sqrt(slopeSquares / madeSquares)).toBeCloseTo(1, 1);
});

function trained(seed: number): Float32Array {
  const { kernels, net } = fresh(seed);
  const random = new Random(seed + 1);
  for (let done = 0; done < 8; done++) {
    kernels.seedDropout(seed + done);
    for (let i = 0; i < 4; i++) net.learn(example(random, random.between(5, 32)), 0.02, DROPOUT);
    net.step({ rate: 0.01, done, clip: 1, decay: 0.01, meanShare: 0.1 });
  }
  return Float32Array.from(net.view('mean'));
}

it('D1: the same seed trains the same weights, bit for bit', () => {
  expect(trained(3)).toEqual(trained(3));
  expect(trained(3)).not.toEqual(trained(4));
});

it('D1: the loss falls when the answer stands in the text', () => {
  const { kernels, net } = fresh(11);
  const random = new Random(12);
  const learnable = (): Example => {
    const { ids } = example(random, 20);
    const [first = new Uint16Array()] = ids;
    return { ids, tags: Uint8Array.from(first, (id) => id % 5) };
  };
  const losses = Array.from({ length: 120 }, (_, done) => {
    kernels.seedDropout(done);
    const loss = net.learn(learnable(), 0.05, 0);
    net.step({ rate: 0.02, done, clip: 1, decay: 0, meanShare: 1 });
    return loss / 20;
  });
  expect(losses[0]).toBeGreaterThan(1);
  expect(losses.at(-1)).toBeLessThan(0.2);
});
