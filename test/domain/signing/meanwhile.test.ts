import { beforeAll, describe, expect, test } from 'vitest';
import { loadTagger } from '../../../src/core/tagger.ts';
import type { Certificate } from '../../../src/domain/certificates/types.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/id.ts';
import { approvalText, approveOperation } from '../../../src/domain/signing/approvals.ts';
import { serialOf } from '../../../src/domain/signing/decide.ts';
import { askOperation, prepareActivation } from '../../../src/domain/signing/operations.ts';
import { executeOperation } from '../../../src/domain/signing/use.ts';
import { grantToken } from '../../../src/domain/tokens/grants.ts';
import type { TokenDeps } from '../../../src/domain/tokens/ports.ts';
import { asking, type Bank, bank, granted } from '../../helpers/bank.ts';
import { atEveryMoment, meanwhile } from '../../helpers/meanwhile.ts';
import { intention, paymentDeps, weighingNothing } from '../../helpers/payments.ts';
import type { Terminal } from '../../helpers/signing.ts';

// A certificate is put on hold beside a request that uses it, at every moment of the request that
// there is: what the chips are asked after that, they were asked too late.

const chips = { keys: ['sign', 'decrypt'], shares: ['sign'] } as const;

let own: Bank;
type Service = ReturnType<typeof paymentDeps> & TokenDeps;
let deps: Service;

beforeAll(async () => {
  const base = paymentDeps();
  base.known.policy = weighingNothing;
  const more = { sensitive: loadTagger, issuer: 'https://auth.beichen.example' };
  deps = { ...base, ...more, profiles: ['cin-sealed-1'] };
  own = await bank(deps);
});

/** As the last step of a freeze leaves the row; the ledger has no part in what is asked here. */
async function put(serial: string, state: Certificate['state']): Promise<void> {
  const found = await deps.certificates.findCertificate(serial);
  if (!found) throw new Error('no certificate');
  await deps.certificates.replaceCertificate({ ...found, state, revision: found.revision + 1 });
}

async function serialAt({ key }: Terminal): Promise<string> {
  const found = await deps.signing.find('beichen-bank', 'personal-key', key.id);
  return found?.certificateSerial ?? '';
}

/**
 * Runs requests with the certificate on hold from a moment on, and holds that the chips were asked
 * before that or never, and that the caller hears why.
 *
 * @param refused the codes that the caller may hear
 */
function neverTooLate(
  serial: string,
  refused: readonly string[],
  begin: () => Promise<(service: Service) => Promise<unknown>>,
): Promise<number> {
  return atEveryMoment(async (moment) => {
    const request = await begin();
    const freeze = () => put(serial, 'suspended');
    const { service, course } = meanwhile(deps, moment, freeze, chips);
    const code = await request(service).then(
      () => 'done',
      (error: unknown) => (error instanceof CinnabarError ? error.code : String(error)),
    );
    await put(serial, 'active');
    expect(course.tooLate, `moment ${moment}`).toEqual([]);
    expect(course.inTime.length > 0 ? [...refused, 'done'] : refused).toContain(code);
    return course;
  });
}

describe('C4 C6: while a key of an institution is used', () => {
  /** Asks, has it approved by others where that is needed, and signs the statement. */
  async function ready(grantId: string, approving?: Terminal) {
    const { caller } = own.clerk;
    const asked = await askOperation(deps, caller, asking(own, own.clerk, grantId));
    if (approving) {
      const signature = await approving.signText(await approvalText(asked));
      const approval = { id: asked.id, personalKeyId: approving.key.id, signature };
      await approveOperation(deps, approving.caller, approval);
    }
    const { statement = '' } = await prepareActivation(deps, caller, asked.id);
    const one = { id: asked.id, signature: await own.clerk.signText(statement) };
    return (service: Service) => executeOperation(service, caller, one);
  }
  const refused = ['operation_refused', 'activation_refused'];

  test('nothing is signed under a certificate of its person or its own that is frozen meanwhile', async () => {
    const grantId = await granted(own, own.clerk, { usesMax: 400 });
    const keySerial = (await serialOf(deps, own.signing)) ?? '';
    for (const serial of [await serialAt(own.clerk), keySerial]) {
      expect(await neverTooLate(serial, refused, () => ready(grantId))).toBeGreaterThan(10);
    }
    const { used } = (await deps.signing.find('beichen-bank', 'grant', grantId)) ?? {};
    // Each course but the last gave its use back.
    expect(used).toBe(2);
  });

  test('nor under one of somebody who agreed', async () => {
    const [approving] = own.officers;
    await granted(own, approving);
    const grantId = await granted(own, own.clerk, { usesMax: 400, approvalsNeeded: 1 });
    const serial = await serialAt(approving);
    expect(await neverTooLate(serial, refused, () => ready(grantId, approving))).toBeGreaterThan(
      10,
    );
  });
});

test('E7 E8: while a payment is confirmed, the chip answers for no certificate that is frozen meanwhile', async () => {
  const serial = await serialAt(own.clerk);
  const moments = await neverTooLate(
    serial,
    ['certificate_not_active', 'order_over_limit'],
    async () => {
      const payment = intention(deps, own.clerk, { amountMinor: 1 });
      return (service) => payment.pay(service);
    },
  );
  expect(moments).toBeGreaterThan(10);
});

test('D2: while a token is made, the chips sign nothing of a certificate that is frozen meanwhile', async () => {
  const certificate = await serialAt(own.clerk);
  const { actor } = own.clerk.caller;
  const request = { audiences: ['cinnabar'], profile: 'cin-sealed-1', certificate } as const;
  await grantToken(deps, { actor, amr: ['session'] }, newId(deps), request);
  const moments = await neverTooLate(
    certificate,
    ['certificate_not_active'],
    async () => (service) => grantToken(service, { actor, amr: ['session'] }, newId(deps), request),
  );
  expect(moments).toBeGreaterThan(1);
});
