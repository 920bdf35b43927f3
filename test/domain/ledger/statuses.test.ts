import { describe, expect, it } from 'vitest';
import type { LedgerEntry, NoteSigner } from '../../../src/domain/ledger/ports.ts';
import { createStatuses } from '../../../src/domain/ledger/statuses.ts';
import { signedAnswers } from '../../../src/domain/signed-answers.ts';
import { processEd25519Signer } from '../../../src/platform/note-signers.ts';
import { tickingClock } from '../../helpers/time-and-chance.ts';

const origin = 'ledger.example/log';

/** Statuses whose signatures are counted, are blank, and wait where the test holds them. */
function counted() {
  const signer = processEd25519Signer('ed25519', origin);
  const state = { signed: 0, held: undefined as Promise<never> | undefined, begun: () => {} };
  const sign: NoteSigner['sign'] = async () => {
    state.signed += 1;
    state.begun();
    await state.held;
    return new Uint8Array(64);
  };
  const store = { published: () => undefined };
  const statuses = createStatuses({ clock: tickingClock(), store, signer: { ...signer, sign } });
  return { statuses, state };
}

const entry = (leafHash: string) =>
  ({ index: 1, leafHash, event: { type: 'frozen' } }) as unknown as LedgerEntry;

it('A8: statuses of a thousand subjects are at hand; one more forgets them, and no status is wrong', async () => {
  const { statuses, state } = counted();
  for (let i = 0; i < 1_000; i++) await statuses(`cert/${i}`, entry('a'));
  await statuses('cert/0', entry('a'));
  expect(state.signed).toBe(1_000);
  await statuses('cert/1000', entry('a'));
  expect(state.signed).toBe(1_001);
  // The thousand went, the newest stayed.
  await statuses('cert/1000', entry('a'));
  expect(state.signed).toBe(1_001);
  expect(await statuses('cert/0', entry('b'))).toMatchObject({ newest: { leafHash: 'b' } });
  expect(state.signed).toBe(1_002);
});

it('A8: a status that fails late takes none of a newer event with it', async () => {
  const { statuses, state } = counted();
  let fail = (_: Error) => {};
  state.held = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const begun = new Promise<void>((resolve) => {
    state.begun = resolve;
  });
  const late = statuses('cert/a', entry('a'));
  late.catch(() => undefined);
  await begun;
  // What signs the newer one does not wait for the older.
  state.held = undefined;
  await statuses('cert/a', entry('b'));
  fail(new Error('no way to the chips'));
  await expect(late).rejects.toThrow('no way to the chips');
  await statuses('cert/a', entry('b'));
  expect(state.signed).toBe(2);
});

describe('answers that are signed once', () => {
  it('A8: are given out again for less than their time, about so many things at once', async () => {
    const now = { ms: 1_000_000 };
    const answers = signedAnswers<number>({
      clock: { now: () => now.ms },
      reuseMs: 30_000,
      keptMax: 2,
    });
    let signed = 0;
    const ask = (about: string, says = 'good') => answers(about, says, async () => ++signed);
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([1, 2, 1]);
    now.ms += 29_999;
    expect(await ask('a')).toBe(1);
    now.ms += 1;
    expect(await ask('a')).toBe(3);
    // Of more than two things it forgets all before it goes on.
    now.ms += 30_000;
    expect([await ask('a'), await ask('b')]).toEqual([4, 5]);
    expect([await ask('c'), await ask('a'), await ask('c')]).toEqual([6, 7, 6]);
    expect([await ask('b'), await ask('b', 'held'), await ask('b')]).toEqual([8, 9, 10]);
  });
});
