import { describe, expect, test } from 'vitest';
import { CinnabarError } from '../../../src/domain/errors.ts';
import type { Parties } from '../../../src/domain/federation/scoring-request.ts';
import { problemOf, samplePerson, startFederation } from '../../helpers/federation.ts';

const person = samplePerson(1);
const unanswered = () => Promise.reject(new CinnabarError('federation_unavailable'));

const mishaps = {
  /** The message does not arrive. */
  before: () => unanswered(),
  /** The answer does not arrive. */
  after: async <T>(act: () => Promise<T>) => {
    await act();
    return unanswered();
  },
  /** The message arrives twice. */
  twice: async <T>(act: () => Promise<T>) => {
    const first = await act();
    const second = await act();
    expect(second).toEqual(first);
    return second;
  },
};

describe('A3: drop-outs, every node at every step', () => {
  const ids = ['bank', 'operator', 'registry', 'insurer', 'utility'];
  const cases = [3, 4, 5].flatMap((n) =>
    ids
      .slice(0, n)
      .flatMap((node) =>
        (['open', 'settle'] as const).flatMap((step) =>
          (['before', 'after', 'twice'] as const).map((when) => ({ n, node, step, when })),
        ),
      ),
  );

  test.each(cases)(
    '$n nodes, $node at $step, $when: exact for those that contribute, or capped',
    async ({ n, node, step, when }) => {
      const federation = await startFederation({
        n,
        between: (parties) => ({
          ...parties,
          [step]: (id: string, message: never) => {
            const act = (): Promise<unknown> => parties[step](id, message);
            return id === node ? mishaps[when](act) : act();
          },
        }),
      });
      const sums: bigint[] = [];
      const { scale } = federation.decision;
      Object.assign(federation.decision, {
        scale: {
          ...scale,
          pdMicros(sum: bigint) {
            sums.push(sum);
            return scale.pdMicros(sum);
          },
        },
      });
      const present = ids.slice(0, n);
      // Each node's part is worth another number, so no wrong sum looks right.
      const logOdds = (id: string) => -(2 ** present.indexOf(id)) % 7;
      for (const id of present) await federation.file(id, person, logOdds(id));
      const { request, statement } = await federation.decisionFor(federation.apply(person));
      const isLost = when !== 'twice';
      const progress = request.nodes.find((item) => item.node === node);
      expect(progress?.state).toBe(isLost ? 'lost' : 'settled');
      const contributors = present.filter((id) => !(isLost && step === 'open' && id === node));
      expect(request.contributors).toEqual(contributors);
      const sum = contributors.reduce((total, id) => total + logOdds(id), 0);
      expect(sums).toEqual([BigInt(sum) << 20n]);
      if (contributors.length === n) expect(statement.settings.tier).toBeLessThan(3);
      // The operator's part is mandatory; without another's the tier is at most the third.
      else expect(statement.settings.tier).toBe(node === 'operator' ? 6 : 3);
    },
  );

  test.each(cases.filter(({ when }) => when === 'before'))(
    '$n nodes, $node at $step, late: what comes after the decision changes nothing',
    async ({ n, node, step }) => {
      const late: (() => Promise<unknown>)[] = [];
      const decided: Parameters<Parties['decide']>[0][] = [];
      let whole: Parties | undefined;
      const federation = await startFederation({
        n,
        between(parties) {
          whole = parties;
          return {
            ...parties,
            [step]: (id: string, message: never) => {
              const act = (): Promise<unknown> => parties[step](id, message);
              if (id !== node) return act();
              late.push(act);
              return unanswered();
            },
            decide(message) {
              decided.push(message);
              return parties.decide(message);
            },
          };
        },
      });
      if (!whole) throw new Error('no parties');
      await federation.fileEverywhere(person, -1);
      const { request } = await federation.decisionFor(federation.apply(person));
      const { ledger, requests } = federation.coordinator;
      const subject = `scoring/${request.requestId}`;
      const head = await ledger.head(subject);
      const [answer] = await Promise.all(late.map((act) => act()));
      const [message] = decided;
      if (!answer || !message) throw new Error('nothing came late');
      if (step === 'settle') {
        // The late report beside the others: another message about a request that is decided.
        const { report } = answer as Awaited<ReturnType<Parties['settle']>>;
        const reports = [...message.reports, { party: node, box: report }];
        await expect(whole.decide({ ...message, reports })).rejects.toMatchObject({
          code: 'answer_repeated',
        });
      } else {
        // The late pieces would make a second list of contributors, which no node adds up.
        const contributors = [...message.contributors, node].sort();
        const others = federation.roster.nodes.filter(({ id }) => id !== node);
        for (const { id } of others) {
          const more = { requestId: request.requestId, contributors, pieces: [] };
          await expect(whole.settle(id, more)).rejects.toMatchObject({ code: 'answer_repeated' });
        }
      }
      expect(await requests.find('bank-a', request.requestId)).toEqual(request);
      expect(await ledger.head(subject)).toEqual(head);
    },
  );

  test.each([
    ['open', 'open'],
    ['open', 'settle'],
    ['settle', 'settle'],
  ] as const)('two nodes lost, at %s and %s: no number at all', async (first, second) => {
    const lostAt = { bank: first, operator: second } as Record<string, string>;
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        open: (id, message) => (lostAt[id] === 'open' ? unanswered() : parties.open(id, message)),
        settle: (id, message) =>
          lostAt[id] === 'settle' ? unanswered() : parties.settle(id, message),
      }),
    });
    await federation.fileEverywhere(person, -1);
    const applied = federation.apply(person);
    expect(await problemOf(federation.score(applied))).toMatchObject({
      code: 'federation_unavailable',
      fields: [
        { pointer: expect.stringMatching(/bank$/), code: 'no_answer' },
        { pointer: expect.stringMatching(/operator$/), code: 'no_answer' },
      ],
    });
    const { requestId } = applied.draft.consent;
    const stored = await federation.coordinator.requests.find('bank-a', requestId);
    expect(stored).toMatchObject({ state: 'failed', code: 'federation_unavailable' });
    expect(stored).not.toHaveProperty('outcome');
  });

  test('the decision service lost: the request fails, and the ledger stays as it was', async () => {
    const federation = await startFederation({
      between: (parties) => ({ ...parties, decide: unanswered }),
    });
    await federation.fileEverywhere(person, -1);
    const applied = federation.apply(person);
    expect(await problemOf(federation.score(applied))).toMatchObject({
      code: 'federation_unavailable',
    });
    const head = await federation.coordinator.ledger.head(
      `scoring/${applied.draft.consent.requestId}`,
    );
    expect(head).toBeUndefined();
  });
});

describe('boxes that were tampered with', () => {
  const flip = (box: Uint8Array) =>
    box.map((byte, at) => (at === box.length - 3 ? byte ^ 4 : byte));

  test.each(['bank', 'operator', 'registry'])(
    'a changed box for %s is refused there',
    async (node) => {
      const federation = await startFederation();
      await federation.fileEverywhere(person, -1);
      const applied = federation.apply(person);
      const boxes = applied.boxes.map((item) =>
        item.party === node ? { ...item, box: flip(item.box) } : item,
      );
      const { nodes } = await federation.score(applied, { boxes });
      expect(nodes.find((progress) => progress.node === node)).toMatchObject({
        state: 'refused',
        code: 'message_invalid',
      });
    },
  );

  test("a box of one person under another's consent is refused by all", async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -1);
    const [mine, theirs] = [federation.apply(person), federation.apply(samplePerson(3))];
    const problem = await problemOf(federation.score(mine, { boxes: theirs.boxes }));
    expect(problem?.code).toBe('federation_refused');
  });

  test.each(['pieces', 'statement', 'report'] as const)(
    'changed %s: refused, never a number',
    async (what) => {
      const federation = await startFederation({
        between: (parties) => ({
          ...parties,
          async open(id, message) {
            const reply = await parties.open(id, message);
            if (id !== 'bank') return reply;
            if (what === 'statement') return { ...reply, statement: flip(reply.statement) };
            if (what !== 'pieces') return reply;
            return {
              ...reply,
              pieces: reply.pieces.map(({ party, box }) => ({ party, box: flip(box) })),
            };
          },
          async settle(id, message) {
            const reply = await parties.settle(id, message);
            return id === 'bank' && what === 'report' ? { report: flip(reply.report) } : reply;
          },
        }),
      });
      await federation.fileEverywhere(person, -1);
      expect((await problemOf(federation.score(federation.apply(person))))?.code).toBe(
        'federation_refused',
      );
    },
  );

  test('a node that lies about its sum is caught by the other report of the same piece', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -1);
    const bank = federation.nodes.get('bank');
    const other = await startFederation();
    await other.fileEverywhere(person, 5);
    if (!bank) throw new Error('no bank');
    // Another pair key at one node: its silent pieces differ from those of its peers.
    const [peer, keys] = [...bank.pairKeys][0] ?? [];
    if (!peer || !keys) throw new Error('no pair');
    const pairKeys = new Map(bank.pairKeys).set(peer, { ...keys, pieces: new Uint8Array(32) });
    federation.nodes.get('bank');
    (federation.nodes as Map<string, typeof bank>).set('bank', { ...bank, pairKeys });
    expect(await problemOf(federation.score(federation.apply(person)))).toMatchObject({
      code: 'federation_inconsistent',
      fields: [{ code: 'reports_disagree' }],
    });
  });
});
