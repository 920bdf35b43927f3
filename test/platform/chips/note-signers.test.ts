import { beforeEach, describe, expect, it } from 'vitest';
import { formatCheckpoint } from '../../../src/core/ledger/checkpoint.ts';
import { formatNote, parseNote, signatureLine, verifyNote } from '../../../src/core/ledger/note.ts';
import type { KeyService } from '../../../src/domain/chips/keys.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import type { NoteSigner } from '../../../src/domain/ledger/ports.ts';
import { chipNoteSigner } from '../../../src/platform/chips/note-signers.ts';
import { memoryKeys } from '../../../src/platform/memory/keys.ts';
import { patientWaits, tickingClock } from '../../helpers/time-and-chance.ts';

const origin = 'ledger.cinnabar.example/test';
const kinds = ['ed25519', 'sm2'] as const;
let keys: KeyService;

beforeEach(() => {
  keys = memoryKeys(tickingClock(), patientWaits);
});

function checkpointOf(size: number, rootByte: number): string {
  return formatCheckpoint({ origin, size, root: new Uint8Array(32).fill(rootByte) });
}

const sign = (signer: NoteSigner, text: string, place?: string) =>
  signer.sign(new TextEncoder().encode(text), place);

describe.each(kinds)('the %s key of a log in the chips', (kind) => {
  it('A8: signs checkpoints that verify, and is the same key for whoever opens it', async () => {
    const signer = chipNoteSigner(keys, kind, origin);
    const key = await signer.key();
    const text = checkpointOf(5, 1);
    const line = signatureLine(key, await sign(signer, text, 'checkpoint:5'));
    expect((await verifyNote(parseNote(formatNote(text, [line])), key)).valid).toBe(true);
    const changed = parseNote(formatNote(checkpointOf(6, 1), [line]));
    expect((await verifyNote(changed, key)).valid).toBe(false);
    expect(await chipNoteSigner(keys, kind, origin).key()).toEqual(key);
    const other = await chipNoteSigner(keys, kind, `${origin}/other`).key();
    expect(other.publicKey).not.toEqual(key.publicKey);
  });

  it('A8: a repetition gives the same signature; another tree of one size is not signed', async () => {
    const signer = chipNoteSigner(keys, kind, origin);
    const first = await sign(signer, checkpointOf(5, 1), 'checkpoint:5');
    // Another instance, as after a crash.
    const again = chipNoteSigner(keys, kind, origin);
    expect(await sign(again, checkpointOf(5, 1), 'checkpoint:5')).toEqual(first);
    await expect(sign(again, checkpointOf(5, 2), 'checkpoint:5')).rejects.toMatchObject({
      code: 'ledger_unavailable',
      detail: 'The chips have signed another tree of this size.',
    });
    expect(await sign(again, checkpointOf(6, 2), 'checkpoint:6')).not.toEqual(first);
  });

  it('A8: chips that do not answer are an outage of the ledger, and no answer is kept', async () => {
    let isDown = true;
    const flaky: Pick<KeyService, 'create' | 'sign'> = {
      async create(input) {
        if (isDown) throw new CinnabarError('chips_unavailable');
        return keys.create(input);
      },
      sign: (request) => keys.sign(request),
    };
    const signer = chipNoteSigner(flaky, kind, origin);
    await expect(signer.key()).rejects.toMatchObject({ code: 'ledger_unavailable' });
    isDown = false;
    expect((await signer.key()).name).toBe(origin);
  });
});
