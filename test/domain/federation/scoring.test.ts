import { describe, expect, test } from 'vitest';
import { sealApplication } from '../../../src/core/federation/application.ts';
import { openReasons, openSigned } from '../../../src/core/federation/decision.ts';
import { asJson } from '../../../src/core/federation/read.ts';
import { suiteNames } from '../../../src/core/federation/suite.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { loadPeople } from '../../../src/domain/federation/load-people.ts';
import type { ModelPart } from '../../../src/domain/federation/model.ts';
import { partModel } from '../../../src/domain/federation/part.ts';
import { boxContext, keysOfParty } from '../../../src/domain/federation/parties.ts';
import {
  samplePerson as filedPerson,
  samplePeopleFile,
} from '../../../src/domain/federation/sample-people.ts';
import { requestsPerHourMax } from '../../../src/domain/federation/scoring-policy.ts';
import type { Parties } from '../../../src/domain/federation/scoring-request.ts';
import registryPart from '../../../src/workers/sample/model.part-C.json' with { type: 'json' };
import {
  caller,
  problemOf,
  requested,
  rulePolicy,
  samplePerson,
  startFederation,
} from '../../helpers/federation.ts';

const person = samplePerson(1);
const unanswered = () => Promise.reject(new CinnabarError('federation_unavailable'));

describe.each(suiteNames)(
  'A3, A5, A10: an application through the federation, suite %s',
  (suite) => {
    test.each([3, 4, 5])(
      '%i nodes: the sum decides, and only the applicant reads it',
      async (n) => {
        const federation = await startFederation({ n, suite });
        await federation.fileEverywhere(person, -1);
        const applied = federation.apply(person);
        const { request, statement, explanation } = await federation.decisionFor(applied);
        // sigmoid(-3), sigmoid(-4), sigmoid(-5): 0.047, 0.018, 0.007.
        expect(statement.settings.tier).toBe(1);
        expect(statement).toMatchObject({ identity: 'proven', requestId: request.requestId });
        expect(statement.settings.limits).toEqual(requested.limits);
        expect(explanation.bands.map(({ band }) => band)).toEqual(Array(n).fill('helps'));
        expect(request.nodes.every(({ state }) => state === 'settled')).toBe(true);

        const entry = await federation.coordinator.ledger.entry(request.outcome?.ledgerIndex ?? -1);
        expect(entry.event).toMatchObject({
          type: 'decision',
          decisionSha256: request.outcome?.record.decisionHash,
          modelSha256: federation.roster.modelHash,
        });
      },
    );

    test('another terminal cannot open the decision or the reasons', async () => {
      const federation = await startFederation({ suite });
      await federation.fileEverywhere(person, 1);
      const applied = federation.apply(person);
      const request = await federation.score(applied);
      const { outcome, requestId } = request;
      const other = federation.apply(person);
      if (!outcome) throw new Error('not decided');
      expect(() => federation.open(other, request)).toThrow();
      const [first] = outcome.reasons;
      if (!first) throw new Error('no reasons');
      const read = (keys: typeof applied.draft.replyKeys) =>
        openReasons(federation.suite, federation.roster, keys, requestId, first.party, first.box);
      expect(read(applied.draft.replyKeys)).toEqual(['payments_late']);
      expect(read(other.draft.replyKeys)).toBeUndefined();
    });
  },
);

describe('A3: what parties say and do not say', () => {
  test('a node that does not know the person sends as much as one that does', async () => {
    const lengths = async (known: boolean) => {
      const federation = await startFederation();
      for (const node of ['bank', 'operator']) await federation.file(node, person, 0);
      if (known) await federation.file('registry', person, 0);
      await federation.score(federation.apply(person));
      return federation.seen.map(({ length }) => length).sort((a, b) => a - b);
    };
    expect(await lengths(true)).toEqual(await lengths(false));
  });

  test('R2: an ordinary part missing caps the tier, a mandatory one asks for a person', async () => {
    const ordinary = await startFederation();
    await ordinary.file('bank', person, -2);
    await ordinary.file('operator', person, -2);
    const capped = await ordinary.decisionFor(ordinary.apply(person));
    expect(capped.statement.settings.tier).toBe(3);
    expect(capped.explanation.reasons).toContain('part_missing');

    const mandatory = await startFederation();
    await mandatory.file('bank', person, -2);
    await mandatory.file('registry', person, -2);
    const review = await mandatory.decisionFor(mandatory.apply(person));
    expect(review.statement.settings.tier).toBe(6);
    expect(review.explanation.reasons).toContain('mandatory_part_missing');
  });

  test('R2: bins of another model score nobody until the people are loaded anew', async () => {
    const federation = await startFederation();
    const registry = federation.nodes.get('registry');
    if (!registry) throw new Error('no registry');
    const [known, sanctioned] = [filedPerson(0), filedPerson(1)];
    for (const node of ['bank', 'operator']) {
      for (const who of [known, sanctioned]) await federation.file(node, who, -2);
    }
    const [header, ...rows] = samplePeopleFile('C').split('\n');
    const csv = [`${header},sanctioned`, ...rows.map((row, i) => `${row},${i === 1 ? 1 : 0}`)];
    const install = (part: ModelPart) => Object.assign(registry, { model: partModel(part) });
    const load = (part: ModelPart) => loadPeople(registry, part, csv.join('\n'));
    const decide = async (who = known) => {
      federation.clock.advance(60_000);
      const { statement, explanation } = await federation.decisionFor(federation.apply(who));
      const { identity, settings } = statement;
      return { identity, tier: settings.tier, reasons: explanation.reasons };
    };
    const [older, newer] = [registryPart, { ...registryPart, salt: '00'.repeat(32) }].map(
      (part) => part as ModelPart,
    );
    if (!older || !newer) throw new Error('no parts');
    install(older);
    await load(older);
    expect((await decide()).reasons).not.toContain('part_missing');

    install(newer);
    const between = await decide();
    expect(between).toMatchObject({ identity: 'proven', tier: 3 });
    expect(between.reasons).toContain('part_missing');
    // What is known of a person without any model stands.
    expect((await decide(sanctioned)).reasons).toContain('sanction_hit');

    await load(newer);
    expect((await decide()).reasons).not.toContain('part_missing');
  });

  test('A6: a name that does not belong to the number is not proven, and nothing is granted', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -3);
    const impostor = { ...person, name: '冒名' };
    const { statement, explanation } = await federation.decisionFor(federation.apply(impostor));
    expect(statement.identity).toBe('failed');
    expect(statement.settings).toMatchObject({ tier: 6, permissions: ['view'] });
    expect(explanation.reasons).toContain('identity_failed');
  });

  test('A10: a tier that an outage or a failed identity brought is no past of a person', async () => {
    let lost = '';
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        open: (id, message) => (id === lost ? unanswered() : parties.open(id, message)),
      }),
    });
    // The probability of default is a little below the boundary of the second tier.
    const { scale } = federation.decision;
    Object.assign(federation.decision, { scale: { ...scale, pdMicros: () => 95_000 } });
    await federation.fileEverywhere(person, -2);
    const tierNow = async (applicant = person) => {
      const { statement } = await federation.decisionFor(federation.apply(applicant));
      federation.clock.advance(60_000);
      return statement.settings.tier;
    };
    expect(await tierNow({ ...person, name: '冒名' })).toBe(6);
    expect(await tierNow()).toBe(2);
    for (const [node, tier] of [
      ['operator', 6],
      ['registry', 3],
    ] as const) {
      lost = node;
      expect(await tierNow()).toBe(tier);
      lost = '';
      expect(await tierNow()).toBe(2);
    }
    // A worse tier by the score itself is one, and stays behind what is not.
    Object.assign(federation.decision, { scale: { ...scale, pdMicros: () => 120_000 } });
    expect(await tierNow()).toBe(3);
    Object.assign(federation.decision, { scale: { ...scale, pdMicros: () => 95_000 } });
    lost = 'operator';
    expect(await tierNow()).toBe(6);
    lost = '';
    expect(await tierNow()).toBe(3);
  });

  test('A6: somebody nobody knows is not proven', async () => {
    const federation = await startFederation();
    const { statement } = await federation.decisionFor(federation.apply(samplePerson(2)));
    expect(statement).toMatchObject({ identity: 'failed', settings: { tier: 6 } });
  });

  test('A3: a party that proves no identity does not say whether it knows the person', async () => {
    const said = new Map<string, unknown[]>();
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        async open(node, message) {
          const reply = await parties.open(node, message);
          const { decision } = federation;
          const context = boxContext(
            decision.federation,
            message.requestId,
            'statement',
            node,
            decision.keys.id,
          );
          const { signKey } = keysOfParty(decision.federation, node);
          const { suite } = decision.federation;
          const content = openSigned(suite, decision.keys.box, signKey, context, reply.statement);
          said.set(node, [...(said.get(node) ?? []), (content as { identity: string }).identity]);
          return reply;
        },
      }),
    });
    // Nobody may be asked about twice in a short while.
    await federation.fileEverywhere(person, -3);
    await federation.fileEverywhere(samplePerson(3), -3);
    for (const who of [person, samplePerson(2), { ...samplePerson(3), name: '冒名' }]) {
      await federation.score(federation.apply(who));
    }
    expect(said.get('bank')).toEqual(['match', 'unknown', 'mismatch']);
    expect(said.get('operator')).toEqual(['unknown', 'unknown', 'mismatch']);
  });

  test('a sanction comes before the score', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -5);
    await federation.file('registry', person, -5, true);
    const { explanation } = await federation.decisionFor(federation.apply(person));
    expect(explanation.reasons).toContain('sanction_hit');
  });

  test('the cap of the institution binds whatever the score', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -3);
    const applied = federation.apply(person);
    const limits = [
      { channel: 'online', currency: 'CNY', single: '100', daily: '200', count: 2 },
    ] as const;
    await rulePolicy(federation.coordinator, () => ({ caps: { enterprise: { limits } } }));
    const request = await federation.score(applied);
    const { statement, explanation } = federation.open(applied, request);
    expect(statement.settings.limits).toEqual(limits);
    expect(explanation.binding).toEqual(['enterprise']);
  });
});

describe('A3: what a score costs on the wire', () => {
  test.each([
    [3, 14, 37_000],
    [4, 18, 44_000],
    [5, 22, 51_000],
  ])(
    '%i nodes: %i messages, %i bytes at most with boxes, signatures and JSON',
    async (n, count, most) => {
      const federation = await startFederation({ n });
      await federation.fileEverywhere(person, 0);
      await federation.score(federation.apply(person));
      expect(federation.seen).toHaveLength(count);
      expect(federation.seen.join('').length).toBeLessThanOrEqual(most);
    },
  );
});

describe('A1: consent', () => {
  test('is for what was asked and for one key: no other request fits under it', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -4);
    const hash = (digit: string) => digit.repeat(64);
    const applied = federation.apply(person, { subjectKeySha256: hash('a') });
    const { draft } = applied;
    const more = { ...requested, role: 'authoriser' } as const;
    for (const change of [{ subjectKeySha256: hash('b') }, { requested: asJson(more) }]) {
      federation.clock.advance(61_000);
      const application = { ...draft.application, ...change };
      // A consent of its own id, so that the nodes answer; what was signed stays as it was.
      const other = federation.apply(person, { subjectKeySha256: hash('a') });
      const forged = sealApplication(federation.suite, { ...other.draft, application });
      expect(await problemOf(federation.score({ ...other, ...forged }))).toEqual({
        code: 'federation_inconsistent',
        fields: [{ pointer: '/decide/decision', code: 'subject_mismatch' }],
      });
    }
  });

  test('the decision service is given the one that the nodes were given, or decides nothing', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, -4);
    const applied = federation.apply(person);
    // Whoever carries the boxes makes one of its own for the decision service, with its own reply key.
    const stranger = federation.apply(samplePerson(2));
    const { requestId } = applied.draft.consent;
    const consent = { ...stranger.draft.consent, requestId };
    const forged = sealApplication(federation.suite, { ...stranger.draft, consent });
    const boxes = applied.boxes.map((box) =>
      box.party === 'decision'
        ? (forged.boxes.find(({ party }) => party === 'decision') ?? box)
        : box,
    );
    expect(await problemOf(federation.score(applied, { boxes }))).toEqual({
      code: 'federation_inconsistent',
      fields: [{ pointer: '/decide/decision', code: 'subject_mismatch' }],
    });
  });

  test('expired, for another party, altered, or by another key: nobody answers', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    const expired = federation.apply(person);
    federation.clock.advance(600_001);
    expect(await problemOf(federation.score(expired))).toMatchObject({
      code: 'federation_consent_invalid',
      fields: [{ pointer: '/consent', code: 'consent_expired' }],
    });
    const applied = federation.apply(person);
    const { consent } = applied.consent;
    for (const [change, code] of [
      [{ expiresAt: '2026-03-02T03:30:00.000Z' }, 'consent_signature'],
      [{ parties: ['bank'] }, 'consent_signature'],
      [{ requestId: '0'.repeat(32) }, 'consent_signature'],
    ] as const) {
      const altered = { ...applied.consent, consent: { ...consent, ...change } };
      expect(await problemOf(federation.score(applied, { consent: altered }))).toMatchObject({
        fields: [{ code }],
      });
    }
  });

  // Texts that the API takes as base64url by their characters, and that no bytes are written as.
  test.each([
    { suite: 'x25519', signKey: 'cinnabar-marked-3f9c1e' },
    { suite: 'x25519', signature: '2026-02-31' },
    { suite: 'x25519', signature: 'A' },
    { suite: 'sm2', signKey: 'A' },
    { suite: 'sm2', signature: '2026-02-31' },
  ] as const)('a key or signature that cannot be read signs nothing: %j', async (row) => {
    const { suite, ...change } = row;
    const federation = await startFederation({ suite });
    const applied = federation.apply(person);
    const consent = { ...applied.consent, ...change };
    expect(await problemOf(federation.score(applied, { consent }))).toEqual({
      code: 'federation_consent_invalid',
      fields: [{ pointer: '/consent', code: 'consent_signature' }],
    });
  });

  test.each([
    ['longer than a quarter of an hour', 900_001, 'consent_too_long'],
    ['over before it began', -1, 'consent_expired'],
  ])('a consent %s does not hold', async (_, ttlMs, code) => {
    const federation = await startFederation();
    const applied = federation.apply(person, { ttlMs });
    expect(await problemOf(federation.score(applied))).toMatchObject({ fields: [{ code }] });
  });

  test('R4: a node that the consent does not name refuses', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    const { roster, suite } = federation;
    const { draftApplication, sealApplication } = await import(
      '../../../src/core/federation/application.ts'
    );
    const application = {
      roster,
      identity: person,
      requested: {},
      nowMs: federation.clock.now(),
      ttlMs: 60_000,
    };
    const draft = draftApplication(suite, application);
    const consent = { ...draft.consent, parties: ['operator', 'registry', 'decision'] };
    const sealed = sealApplication(suite, { ...draft, consent });
    const problem = await problemOf(federation.score({ draft, ...sealed }));
    const request = await federation.coordinator.requests.find('bank-a', consent.requestId);
    expect(request?.nodes[0]).toEqual({ node: 'bank', state: 'refused', code: 'consent_party' });
    // The others answer; the request fails only because it asks for nothing.
    expect(problem?.code).toBe('federation_refused');
  });
});

describe('R1, R5: once per request, once per person and minute', () => {
  test('a request id is not used twice, whatever became of the first', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    const applied = federation.apply(person);
    await federation.score(applied);
    expect(await problemOf(federation.score(applied))).toMatchObject({
      code: 'federation_request_used',
    });
  });

  test('the same person again within a minute is refused by every node', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    await federation.score(federation.apply(person));
    expect(await problemOf(federation.score(federation.apply(person)))).toMatchObject({
      code: 'federation_refused',
      fields: [
        { code: 'answer_repeated' },
        { code: 'answer_repeated' },
        { code: 'answer_repeated' },
      ],
    });
    federation.clock.advance(60_000);
    await federation.score(federation.apply(person));
  });

  test('R1: a second list of contributors for one request is refused by every node', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    const messages: Parameters<Parties['settle']>[] = [];
    const { parties } = federation.coordinator;
    const listening: Parties = {
      ...parties,
      settle(node, message) {
        messages.push([node, message]);
        return parties.settle(node, message);
      },
    };
    const { coordinate } = await import('../../../src/domain/federation/coordinate.ts');
    const { consent, boxes } = federation.apply(person);
    await coordinate({ ...federation.coordinator, parties: listening }, caller, { consent, boxes });
    expect(messages).toHaveLength(3);
    for (const [node, message] of messages) {
      // The same again is the same answer; two contributors of the three would be a difference.
      await parties.settle(node, message);
      const contributors = message.contributors.slice(0, 2);
      await expect(parties.settle(node, { ...message, contributors })).rejects.toMatchObject({
        code: 'answer_repeated',
      });
    }
  });

  test('R3: two nodes run by the decision service leave one, so there is no decision', async () => {
    const federation = await startFederation({ runByDecision: ['bank', 'operator'] });
    await federation.fileEverywhere(person, 0);
    expect(await problemOf(federation.score(federation.apply(person)))).toEqual({
      code: 'federation_refused',
      fields: [{ pointer: '/open', code: 'contributors_invalid' }],
    });
  });

  test('R3: one node run by the decision service and another lost: too few answer', async () => {
    const federation = await startFederation({
      runByDecision: ['bank'],
      between: (parties) => ({
        ...parties,
        open: (id, message) => (id === 'registry' ? unanswered() : parties.open(id, message)),
      }),
    });
    await federation.fileEverywhere(person, 0);
    const applied = federation.apply(person);
    expect(await problemOf(federation.score(applied))).toEqual({
      code: 'federation_unavailable',
      fields: [{ pointer: '/open/registry', code: 'no_answer' }],
    });
    const { requestId } = applied.draft.consent;
    const stored = await federation.coordinator.requests.find('bank-a', requestId);
    expect(stored).toMatchObject({ state: 'failed', code: 'federation_unavailable' });
  });

  test('R3: nodes that send no pieces are named, and there is no decision', async () => {
    const federation = await startFederation({
      between: (parties) => ({
        ...parties,
        async open(id, message) {
          const reply = await parties.open(id, message);
          return id === 'bank' ? reply : { ...reply, pieces: [] };
        },
      }),
    });
    await federation.fileEverywhere(person, 0);
    expect(await problemOf(federation.score(federation.apply(person)))).toEqual({
      code: 'federation_refused',
      fields: [
        { pointer: '/open/operator', code: 'contributors_invalid' },
        { pointer: '/open/registry', code: 'contributors_invalid' },
      ],
    });
  });

  test('R4: one caller gets only so many answers an hour', async () => {
    const federation = await startFederation();
    await federation.fileEverywhere(person, 0);
    const first = await federation.score(federation.apply(person));
    for (let i = 1; i < requestsPerHourMax; i++) {
      const requestId = i.toString(16).padStart(32, '0');
      const limit = { requestsMax: requestsPerHourMax, sinceMs: 0 };
      await federation.coordinator.requests.begin({ ...first, requestId }, limit);
    }
    const late = federation.apply(person);
    expect(await problemOf(federation.score(late))).toMatchObject({ code: 'rate_limited' });
    federation.clock.advance(3_600_000);
    await federation.score(federation.apply(person));
  });
});
