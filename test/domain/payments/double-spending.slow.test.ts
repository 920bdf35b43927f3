import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { signContext } from '../../../src/core/two-party-context.ts';
import { newId } from '../../../src/domain/id.ts';
import { confirmOrder, executeOrder } from '../../../src/domain/payments/confirm.ts';
import { placeOrder } from '../../../src/domain/payments/order.ts';
import { ordering, paymentDeps, weighingNothing } from '../../helpers/payments.ts';
import { certifiedTerminal } from '../../helpers/signing.ts';

const dayMs = 24 * 60 * 60 * 1000;

test('E8: 200 orders, each confirmed 64 times and executed 64 times at once, are 200 payments', async () => {
  const gm = await loadGm();
  const deps = paymentDeps();
  deps.known.policy = weighingNothing;
  const person = await certifiedTerminal(deps, 'customer-chen');
  const { tenant } = person.caller.actor;
  let executions = 0;
  for (let round = 0; round < 200; round++) {
    // Thirty a day stay below the count that the certificate allows.
    if (round % 30 === 0) deps.clock.advance(dayMs);
    const request = ordering(deps, person, { amountMinor: 1_000 });
    const order = await placeOrder(deps, person.caller, request);
    const { epoch, publicKey } = gm.twoParty.inspect(person.share);
    const requestId = newId(deps);
    const e = gm.sm2.digest(publicKey, utf8ToBytes(order.text));
    const ctx = signContext({ tenant, keyId: order.personalKeyId }, epoch, requestId);
    const { state, message } = gm.twoParty.sign.clientStart(person.share, e, ctx);
    const confirmation = { id: order.id, requestId, epoch, message };
    const confirmed = await Promise.allSettled(
      Array.from({ length: 64 }, () => confirmOrder(deps, person.caller, confirmation)),
    );
    const replies = confirmed.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(new Set(replies.map(({ reply }) => reply.join())).size).toBe(1);
    const [first] = replies;
    if (!first) throw new Error('nothing was confirmed');
    const signature = gm.twoParty.sign.clientFinish(state, first.reply);
    const executed = await Promise.allSettled(
      Array.from({ length: 64 }, () =>
        executeOrder(deps, person.caller, { id: order.id, signature }),
      ),
    );
    const receipts = executed.flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.receipt?.recordSha256] : [],
    );
    expect(new Set(receipts).size).toBe(1);
    executions += (await deps.ledger.history(`payment/${order.id}`)).length;
  }
  expect(executions).toBe(200);
});
