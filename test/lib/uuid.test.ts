import { describe, expect, it } from 'vitest';
import { idSchema } from '../../src/edge/schemas/common.ts';
import { uuidBeside, uuidV7 } from '../../src/lib/uuid.ts';
import { seededRandom } from '../helpers/time-and-chance.ts';

describe('UUIDs of version 7', () => {
  it('are laid out as RFC 9562 says', () => {
    // RFC 9562 appendix A.6: unix_ts_ms 0x017F22E279B0, rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F.
    const random = Uint8Array.of(0xcc, 0x31, 0x8c, 0x4d, 0xc0, 0xc0, 0xc0, 0x73, 0x98, 0xf0);
    expect(uuidV7(0x017f22e279b0, random).slice(0, 18)).toBe('017f22e2-79b0-7cc3');
  });

  it('sort by their time, and pass the schema for any random bytes', () => {
    const random = seededRandom(1);
    const ids = Array.from({ length: 500 }, (_, i) =>
      uuidV7(1_767_225_600_000 + i, random.bytes(10)),
    );
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(idSchema.safeParse(id).success, id).toBe(true);
    expect(() => uuidV7(0, new Uint8Array(9))).toThrow(RangeError);
  });

  it('beside another one have its time, and are the same for the same words', () => {
    const id = uuidV7(1_767_225_600_000, seededRandom(2).bytes(10));
    const beside = uuidBeside(id, 'a');
    expect(beside.slice(0, 15)).toBe(id.slice(0, 15));
    expect(idSchema.safeParse(beside).success).toBe(true);
    expect(uuidBeside(id, 'a')).toBe(beside);
    expect(new Set([id, beside, uuidBeside(id, 'b')]).size).toBe(3);
  });
});
