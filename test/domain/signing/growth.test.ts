import { expect, test } from 'vitest';
import { newId } from '../../../src/domain/id.ts';
import { askOperation } from '../../../src/domain/signing/operations.ts';
import type { UsageRecord } from '../../../src/domain/signing/records.ts';
import { entryOf } from '../../../src/domain/signing/rows.ts';
import { asking, type Bank, bank, finish, granted } from '../../helpers/bank.ts';
import { callsByPort, counting } from '../../helpers/counting.ts';
import { signingDeps } from '../../helpers/signing.ts';

const ports = ['audit', 'certificates', 'keys', 'ledger', 'shares', 'signing'] as const;
const usesTried = 4;

/** Puts so many uses of the key behind each other: a record in the store, and its hash in the log. */
async function earlierUses({ deps }: Bank, like: UsageRecord, count: number): Promise<void> {
  const tenant = 'beichen-bank';
  const { recordSha256 } = like;
  const subject = `use/${like.institutionKeyId}`;
  const event = { v: 1, type: 'key_usage', subject, at: '2026-03-02T03:00:00.000Z' } as const;
  const ids = Array.from({ length: count }, () => newId(deps));
  const rows = ids.map((id) => entryOf('record', { ...like, tenant, id, revision: 1 }));
  expect(await deps.signing.write(tenant, rows)).toBe(true);
  await Promise.all(
    ids.map((requestId) => deps.ledger.appendNext({ ...event, recordSha256 }, { requestId })),
  );
}

test('L5: a use of a key is handed no more rows, and asks no more, after 10,000 others than after forty', async () => {
  const { deps, counts, rows } = counting(signingDeps(), ports);
  const own = await bank(deps);
  const grantId = await granted(own, own.clerk, { usesMax: 100 });
  const use = async () => {
    const { id } = await askOperation(deps, own.clerk.caller, asking(own, own.clerk, grantId));
    return (await finish(own, own.clerk, id)).record;
  };
  const first = await use();
  let before = 1;
  const measured = [];
  for (const uses of [40, 1000, 10_000]) {
    await earlierUses(own, first, uses - before);
    before = uses + usesTried;
    const cpu = process.cpuUsage();
    for (let i = 0; i < usesTried; i++) {
      for (const key of Object.keys(counts)) delete counts[key];
      for (const key of Object.keys(rows)) delete rows[key];
      await use();
    }
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = Math.round((user + system) / 1000 / usesTried);
    measured.push({ calls: callsByPort(counts), rows: { ...rows } });
    console.log(`after ${uses} uses: ${cpuMs} ms of CPU`, JSON.stringify(measured.at(-1)));
  }
  const [few, ...more] = measured;
  for (const one of more) expect(one).toEqual(few);
}, 60_000);
