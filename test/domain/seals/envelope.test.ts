import { describe, expect, it } from 'vitest';
import {
  decryptObjects,
  encryptObjects,
  type ObjectContext,
} from '../../../src/domain/seals/envelope.ts';
import { memoryObjectStore } from '../../../src/platform/memory/objects.ts';
import { memoryTemplateKeys } from '../../../src/platform/memory/template-keys.ts';
import { seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const tenant = 'beichen-bank';
const context: ObjectContext = ['template', 'seal', 'seal-1', '1', 'stroke', '1.0.0'];

function machine() {
  const random = seededRandom(1);
  return {
    clock: tickingClock(),
    random,
    objects: memoryObjectStore(),
    templateKeys: memoryTemplateKeys(random),
  };
}

async function stored(bytes: Uint8Array) {
  const deps = machine();
  const [object] = await encryptObjects(deps, tenant, [{ context, bytes }]);
  if (!object) throw new Error('nothing was encrypted');
  await deps.objects.put(object.objectKey, object.ciphertext);
  return { deps, object };
}

describe('encrypted templates', () => {
  it.each([0, 1, 1023, 1024, 1025, 4000])('come back whole: %i bytes', async (length) => {
    const bytes = seededRandom(length).bytes(length);
    const { deps, object } = await stored(bytes);
    expect(await decryptObjects(deps, tenant, [{ object, context }])).toEqual([bytes]);
  });

  it('show only how many KiB they have', async () => {
    const sizes = await Promise.all(
      [0, 500, 1023, 1024].map(
        async (length) => (await stored(new Uint8Array(length))).object.bytes,
      ),
    );
    // Format, nonce and tag are 41 bytes; the padding is at least one byte.
    expect(sizes).toEqual([1065, 1065, 1065, 2089]);
  });

  it('never encrypt alike', async () => {
    const deps = machine();
    const bytes = new Uint8Array(100);
    const [one, other] = await encryptObjects(deps, tenant, [
      { context, bytes },
      { context, bytes },
    ]);
    expect(one?.ciphertext).not.toEqual(other?.ciphertext);
    expect(one?.objectKey).not.toBe(other?.objectKey);
  });

  it('hold nothing of the template in the clear', async () => {
    const marker = new TextEncoder().encode('MARKER-7f3a'.repeat(8));
    const { object } = await stored(marker);
    const text = new TextDecoder('latin1').decode(object.ciphertext);
    expect(text).not.toContain('MARKER');
  });

  it('open under no other tenant, owner, revision, vendor or version', async () => {
    const { deps, object } = await stored(new Uint8Array(100));
    const contexts: ObjectContext[] = [
      ['card-image', 'seal', 'seal-1', '1', 'stroke', '1.0.0'],
      ['template', 'verification', 'seal-1', '1', 'stroke', '1.0.0'],
      ['template', 'seal', 'seal-2', '1', 'stroke', '1.0.0'],
      ['template', 'seal', 'seal-1', '2', 'stroke', '1.0.0'],
      ['template', 'seal', 'seal-1', '1', 'grid', '1.0.0'],
      ['template', 'seal', 'seal-1', '1', 'stroke', '1.0.1'],
      ['template', 'seal', 'seal-11', 'stroke', '1.0.0'],
    ];
    const refusals = contexts.map((other) =>
      decryptObjects(deps, tenant, [{ object, context: other }]),
    );
    refusals.push(decryptObjects(deps, 'nanpu-bank', [{ object, context }]));
    for (const refusal of refusals) {
      await expect(refusal).rejects.toMatchObject({ code: 'template_unreadable' });
    }
  });

  it('answer one code to every way of being altered, cut, swapped or lost', async () => {
    const { deps, object } = await stored(seededRandom(9).bytes(1500));
    const whole = object.ciphertext;
    const [swap] = await encryptObjects(deps, tenant, [{ context, bytes: new Uint8Array(1500) }]);
    const variants: (Uint8Array | undefined)[] = [
      undefined,
      new Uint8Array(),
      whole.subarray(0, 30),
      whole.subarray(0, whole.length - 1),
      swap?.ciphertext,
      ...[0, 1, 24, 25, 700, whole.length - 1].map((at) => whole.with(at, (whole[at] ?? 0) ^ 1)),
    ];
    for (const variant of variants) {
      if (variant) await deps.objects.put(object.objectKey, variant);
      else await deps.objects.remove([object.objectKey]);
      await expect(decryptObjects(deps, tenant, [{ object, context }])).rejects.toMatchObject({
        code: 'template_unreadable',
      });
    }
    // Also when the row was made to fit the altered object: the cipher itself notices.
    if (!swap) throw new Error('nothing was encrypted');
    await deps.objects.put(object.objectKey, swap.ciphertext);
    const forged = { ...object, digestHex: swap.digestHex, bytes: swap.bytes };
    await expect(decryptObjects(deps, tenant, [{ object: forged, context }])).rejects.toMatchObject(
      { code: 'template_unreadable' },
    );
  });
});
