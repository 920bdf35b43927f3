import { describe, expect, it } from 'vitest';
import { joinShares, parseShare, shareOut } from '../../../src/domain/chips/officers.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const secret = seededRandom(3).bytes(32);
const share = (threshold: number, shares: number) =>
  shareOut('cloning-domain', secret, { threshold, shares }, seededRandom(threshold));

describe('a secret shared among officers', () => {
  it('E1: of five shares any three give it, and two do not', async () => {
    const five = await share(3, 5);
    for (const [a, b, c] of [
      [0, 1, 2],
      [4, 2, 0],
      [1, 3, 4],
    ] as const) {
      const three = [a, b, c].flatMap((i) => five[i] ?? []);
      expect(await joinShares('cloning-domain', three)).toEqual(secret);
    }
    const two = five.slice(0, 2);
    await expect(joinShares('cloning-domain', two)).rejects.toMatchObject({
      code: 'shares_too_few',
    });
    const twice = [...two, ...two];
    await expect(joinShares('cloning-domain', twice)).rejects.toMatchObject({
      code: 'shares_too_few',
    });
  });

  it('E1: shares of another secret, for another purpose or copied wrongly are refused', async () => {
    const [three, other] = [await share(3, 5), await share(2, 5)];
    const mixed = [...three.slice(0, 2), ...other.slice(2, 3)];
    const refusal = { code: 'share_unreadable' };
    await expect(joinShares('cloning-domain', mixed)).rejects.toMatchObject(refusal);
    await expect(joinShares('backup', three)).rejects.toMatchObject(refusal);
    const [first] = three;
    if (!first) throw new Error('no share');
    expect(parseShare(JSON.parse(JSON.stringify(first)))).toEqual(first);
    const digit = first.shareHex.startsWith('0') ? '1' : '0';
    for (const wrong of [
      { ...first, shareHex: digit + first.shareHex.slice(1) },
      { ...first, index: 9 },
      null,
      'x',
    ]) {
      expect(() => parseShare(wrong)).toThrow(expect.objectContaining(refusal));
    }
  });

  it('E1: impossible quorums are refused', async () => {
    for (const [threshold, shares] of [
      [1, 5],
      [6, 5],
      [2, 17],
      [2.5, 5],
    ] as const) {
      await expect(share(threshold, shares)).rejects.toMatchObject({ code: 'invalid_request' });
    }
  });
});
