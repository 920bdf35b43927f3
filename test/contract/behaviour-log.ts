import { expect, it } from 'vitest';
import type { BehaviourEvent, BehaviourLog } from '../../src/core/business.ts';
import { freshId } from './fresh.ts';

const event = (atMs: number, more: Partial<BehaviourEvent> = {}): BehaviourEvent => ({
  id: freshId(),
  atMs,
  session: 'session-1',
  action: 'bill.list',
  outcome: 'done',
  durationMs: 800,
  ...more,
});

/** Beyond any moment at which this test runs. */
const keepMs = 200 * 365 * 24 * 60 * 60 * 1000;

/** What every log of behaviour must do. */
export function behaviourLogContract(open: () => BehaviourLog): void {
  it('D7: keeps events under their pseudonym, in the order of their times', async () => {
    const log = open();
    const [one, other] = [freshId(), freshId()];
    const late = event(2_000, { amount: { currency: 'CNY', minor: 1250 } });
    const early = event(1_000, { outcome: 'failed' });
    await log.append(one, late, keepMs);
    await log.append(one, early, keepMs);
    await log.append(other, event(3_000), keepMs);
    expect(await log.read(one, 10)).toEqual([early, late]);
    expect(await log.read(one, 1)).toEqual([late]);
    expect(await log.read(freshId(), 10)).toEqual([]);
  });

  it('D7: takes an event once, however often it is sent', async () => {
    const log = open();
    const name = freshId();
    const same = event(1_000);
    await Promise.all(Array.from({ length: 8 }, () => log.append(name, same, keepMs)));
    await log.append(name, { ...same, action: 'bill.pay' }, keepMs);
    expect(await log.read(name, 10)).toEqual([same]);
  });

  it('D7: erases a person, and prunes what is old, and nothing else', async () => {
    const log = open();
    const [one, other] = [freshId(), freshId()];
    for (const atMs of [1_000, 2_000, 3_000]) await log.append(one, event(atMs), keepMs);
    await log.append(other, event(1_000), keepMs);
    expect(await log.prune(one, 2_000)).toBe(1);
    expect((await log.read(one, 10)).map(({ atMs }) => atMs)).toEqual([2_000, 3_000]);
    expect(await log.erase(one)).toBe(2);
    expect(await log.read(one, 10)).toEqual([]);
    expect(await log.erase(one)).toBe(0);
    expect(await log.read(other, 10)).toHaveLength(1);
  });
}
