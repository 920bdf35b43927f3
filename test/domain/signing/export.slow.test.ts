import { expect, test } from 'vitest';
import { verifyUsageExport } from '../../../src/core/usage/verify.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';
import { exportedUses, mutated } from '../../helpers/usage-export.ts';

test('C8: of 10,000 changed bytes each is caught, and its line named', async () => {
  const { text, trust, nowMs } = await exportedUses(2);
  const random = seededRandom(8);
  let caught = 0;
  for (let i = 0; i < 10_000; i++) {
    const [a = 0, b = 0, c = 0, by = 0] = random.bytes(4);
    const at = ((a << 16) | (b << 8) | c) % (text.length - 1);
    const line = text.slice(0, at + 1).split('\n').length - (text[at] === '\n' ? 1 : 0);
    const verdict = await verifyUsageExport(mutated(text, at, by), trust, nowMs);
    if (!verdict.ok && (text[at] === '\n' || verdict.line === line)) caught++;
  }
  expect(caught).toBe(10_000);
}, 3_600_000);
