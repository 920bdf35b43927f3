// The net that fits the eye of the seal vendor `glyphs`: its gradient is that of its odds.
import { expect, test } from 'vitest';
import { CHANNELS, Eye, PIXELS } from '../../training/seals/eye-net.ts';
import { chanceOf } from '../../training/seals/random.ts';

const STEP = 1e-2;

test('B2: the gradient of the eye is what finite differences of its odds tell, in every layer', async () => {
  const eye = await Eye.load();
  const chance = chanceOf('eye-test');
  eye.start(chance.part('start'));
  const picture = Float32Array.from({ length: CHANNELS * PIXELS }, () => chance.uniform(0, 1));
  eye.forward(picture);
  eye.gradient.fill(0);
  eye.prepareBack();
  eye.backward(1);
  const told = eye.gradient.slice();
  let compared = 0;
  // A step of a number of the first layers may cross a rectifier's corner: few may differ.
  let apart = 0;
  for (let i = 0; i < told.length; i += 7) {
    const value = eye.numbers[i] as number;
    eye.numbers[i] = value + STEP;
    const above = eye.forward(picture);
    eye.numbers[i] = value - STEP;
    const below = eye.forward(picture);
    eye.numbers[i] = value;
    const slope = (above - below) / (2 * STEP);
    if (slope !== 0) compared++;
    if (Math.abs(slope - (told[i] as number)) > 0.02 + 0.05 * Math.abs(slope)) apart++;
  }
  expect(compared).toBeGreaterThan(100);
  expect(apart).toBeLessThan(0.05 * compared);
});

test('B2: the file of the eye holds every number of every layer, once', async () => {
  const eye = await Eye.load();
  eye.numbers.forEach((_, i) => {
    eye.numbers[i] = i;
  });
  const written = eye.toFile().flat();
  expect(new Set(written).size).toBe(eye.numbers.length);
  expect(written.length).toBe(eye.numbers.length);
});
