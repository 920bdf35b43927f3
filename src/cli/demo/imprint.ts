import type { Stage } from './stage.ts';

const settledWithinMs = 20_000;

/** A teller verifies two imprints; what is not passed goes to a reviewer, who decides and signs. */
export async function imprintJourney({ as, sample, prove, run }: Stage): Promise<void> {
  const teller = as('teller-zhou');
  const account = await teller.accounts.create({
    number: `621${run}`,
    name: '杭州明远贸易有限公司',
    contact: '0571-5550',
  });
  const card = await teller.cards.create({
    accountId: account.id,
    number: `${run.slice(-6)}-1`,
    startDate: '2020-01-01',
    endDate: '2099-12-31',
  });
  const seal = await teller.seals.enrol({
    cardId: card.id,
    serial: `MY-${run.slice(-6)}`,
    shape: 'round',
    imprint: await sample('r01-reserved'),
  });
  const { vendors } = await teller.seals.vendors();
  prove(
    'id' in seal,
    `a reserved imprint is kept, encrypted, as ${vendors.length} vendors read it`,
  );

  const ask = { sealId: seal.id, currency: 'CNY', amountMinor: 1_250_000 };
  const genuine = await teller.verifications.create({ ...ask, imprint: await sample('r01-g0') });
  prove(genuine.verdict === 'pass', 'the same seal stamped again: all drawn vendors agree, pass');
  const forged = await teller.verifications.create({
    ...ask,
    imprint: await sample('r01-f-text0'),
  });
  prove(forged.verdict !== 'pass', `the same seal with one character changed: ${forged.verdict}`);

  const reviewer = as('reviewer-he');
  await reviewer.reviews.claim(forged.id);
  await reviewer.reviews.decide(forged.id, { decision: 'fail', reason: 'strokes_differ' });
  prove(true, 'a reviewer sees both restored pictures and decides; five seconds to take it back');
  const deadline = Date.now() + settledWithinMs;
  for (;;) {
    const { decisions } = await reviewer.reviews.get(forged.id);
    if (decisions.some(({ state }) => state === 'final')) break;
    if (Date.now() > deadline) prove(false, 'the decision becomes final');
    await new Promise((wake) => setTimeout(wake, 500));
  }
  prove(true, 'the decision is final: signed with the review key in the chips');
}
