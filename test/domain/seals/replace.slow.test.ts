import { expect, it } from 'vitest';
import { assertSurvives, countCalls } from '../../helpers/replacement-drill.ts';

it('B10: killed at any call, before or after it took effect, a replacement goes on and loses nothing', async () => {
  const calls = await countCalls();
  expect(calls).toBeGreaterThan(80);
  for (let killAt = 1; killAt <= calls; killAt++) {
    for (const after of [false, true]) await assertSurvives(killAt, after);
  }
});
