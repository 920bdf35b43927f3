import { afterAll, describe, expect, it } from 'vitest';
import type { Drill } from './drill.ts';
import { drills } from './list.ts';
import { forgetService } from './service-in-workerd.ts';

/** A busy machine takes its time; a drill that hangs ends all the same. */
const shortMs = 5 * 60_000;
const longMs = 60 * 60_000;
const seed = Number(process.env.DRILL_SEED ?? 20_261_127);

function declare(drill: Drill, isLong: boolean): void {
  const { id, name, target, plants } = drill;
  const timeout = isLong ? longMs : shortMs;
  it('holds', { timeout }, async ({ task, skip }) => {
    const { measured, faults, isUnmeasured } = await drill.run({ isLong, seed });
    const unmeasured = isUnmeasured ? { isUnmeasured } : {};
    task.meta.drill = { id, name, target, measured, ...unmeasured };
    if (isUnmeasured) skip(`not measured: ${measured}`);
    expect(faults.slice(0, 20), faults.slice(0, 20).join('\n')).toEqual([]);
  });
  if (isLong) return;
  it.for(plants)('is failed by: %s', { timeout }, async (plant, { skip }) => {
    const { faults, measured, isUnmeasured } = await drill.run({ isLong, seed, plant });
    // A planted fault is found by nobody who may not look.
    if (isUnmeasured) skip(`not measured: ${measured}`);
    expect(faults.length).toBeGreaterThan(0);
  });
}

/** Makes a test of every drill: that it holds, and in the short form that its planted faults fail it. */
export function declareDrills(isLong: boolean): void {
  afterAll(forgetService);
  for (const drill of drills) {
    describe(`${drill.id} ${drill.name}`, () => declare(drill, isLong));
  }
}
