import { describe, expect, it } from 'vitest';
import { changeCard } from '../../../src/domain/seals/cards.ts';
import { verifyCard } from '../../../src/domain/seals/verify-card.ts';
import { uuidV7 } from '../../../src/lib/uuid.ts';
import { ringWithCross, ringWithSquare } from '../../helpers/imprints.ts';
import { personOf, sealMachine } from '../../helpers/seal-machine.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const teller = personOf('teller-1');
const money = { currency: 'CNY', amountMinor: 100 };
const operation = uuidV7(1_767_225_600_000, seededRandom(3).bytes(10));

/** A card that finance and legal person answer for together, or the company's seal alone. */
async function cardOfThree() {
  const machine = await sealMachine();
  await machine.enrol('finance');
  await machine.enrol('person', ringWithSquare);
  await machine.enrol('company');
  const combinations = [['finance', 'person'], ['company']];
  const change = { cardId: 'c', version: 1, reason: '约定', combinations };
  await changeCard(machine.deps, teller, change);
  const verify = (imprints: Readonly<Record<string, Uint8Array>>, id = operation) =>
    verifyCard(machine.deps, teller, {
      id,
      cardId: 'c',
      money,
      branch: '0102',
      imprints: Object.entries(imprints).map(([sealId, bytes]) => ({ sealId, picture: { bytes } })),
    });
  return { ...machine, verify };
}

describe('B4, B6: a paper that several seals of a card answer for', () => {
  it('passes when every imprint of a combination passes, each verified and on record', async () => {
    const { verify, deps, audit } = await cardOfThree();
    const found = await verify({ finance: ringWithCross, person: ringWithSquare });
    expect(found).toMatchObject({
      cardId: 'c',
      combination: ['finance', 'person'],
      verdict: 'pass',
      verifications: [
        { sealId: 'finance', verdict: 'pass' },
        { sealId: 'person', verdict: 'pass' },
      ],
    });
    for (const { id } of found.verifications) {
      expect(await deps.seals.findVerification('bank', id)).toMatchObject({ verdict: 'pass' });
    }
    expect(await audit()).toContainEqual(
      expect.objectContaining({ action: 'card.verify', subject: 'card:c', outcome: 'done' }),
    );
  });

  it('fails when one imprint fails, however good the other', async () => {
    const { verify } = await cardOfThree();
    const found = await verify({ finance: ringWithCross, person: ringWithCross });
    expect(found.verdict).toBe('fail');
    expect(found.verifications.map(({ verdict }) => verdict)).toEqual(['pass', 'fail']);
  });

  it('an imprint beyond the combination must pass as well', async () => {
    const { verify } = await cardOfThree();
    const all = { company: ringWithCross, finance: ringWithCross, person: ringWithSquare };
    expect(await verify(all)).toMatchObject({
      combination: ['finance', 'person'],
      verdict: 'pass',
    });
    const other = uuidV7(1_767_225_600_001, seededRandom(4).bytes(10));
    expect((await verify({ ...all, company: ringWithSquare }, other)).verdict).toBe('fail');
  });

  it('computes nothing when no combination is complete, or a seal is of another card', async () => {
    const { verify, deps, audit } = await cardOfThree();
    await expect(verify({ finance: ringWithCross })).rejects.toMatchObject({
      code: 'combination_incomplete',
    });
    await expect(verify({ company: ringWithCross, stranger: ringWithCross })).rejects.toMatchObject(
      { fields: [{ pointer: '/body/sealIds/1', code: 'other_card' }] },
    );
    const items = await deps.seals.listVerifications('bank', {}, { limit: 10 });
    expect(items).toEqual([]);
    expect(await audit()).toContainEqual(
      expect.objectContaining({ action: 'card.verify', outcome: 'refused' }),
    );
  });

  it('a retry finds what the first attempt verified, and goes on from there', async () => {
    const { verify, deps } = await cardOfThree();
    await expect(verify({ finance: ringWithCross, person: new Uint8Array(9) })).rejects.toThrow();
    const first = await verify({ finance: ringWithCross, person: ringWithSquare });
    const again = await verify({ finance: ringWithCross, person: ringWithSquare });
    expect(again.verifications).toEqual(first.verifications);
    const items = await deps.seals.listVerifications('bank', {}, { limit: 10 });
    expect(items).toHaveLength(2);
  });
});
