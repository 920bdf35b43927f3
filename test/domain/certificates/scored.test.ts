import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import {
  applyForCertificate,
  type NewApplication,
} from '../../../src/domain/certificates/apply.ts';
import { issueCertificates } from '../../../src/domain/certificates/issue.ts';
import { decideOverride, proposeOverride } from '../../../src/domain/certificates/override.ts';
import { approveApplication, identifyApplicant } from '../../../src/domain/certificates/review.ts';
import { referenceRules, rulesSettings } from '../../../src/domain/certificates/rules.ts';
import { scoringLinks } from '../../../src/domain/certificates/scored.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import type { Caps, RequestedSettings } from '../../../src/domain/federation/settings.ts';
import { newId } from '../../../src/domain/id.ts';
import { base64urlBytes, base64urlText } from '../../../src/lib/base64url.ts';
import { canonicalJson } from '../../../src/lib/canonical-json.ts';
import { localSigner } from '../../helpers/certificate-keys.ts';
import {
  approvedApplication,
  certificateDeps,
  certificateRequest,
  people,
  personApplication,
} from '../../helpers/certificates.ts';
import { requested, rulePolicy, samplePerson, startFederation } from '../../helpers/federation.ts';

const officers = {
  maker: { ...people.officer, actor: { ...people.officer.actor, id: 'reviewer-qin' } },
  checker: { ...people.approver, actor: { ...people.approver.actor, id: 'risk-officer-xu' } },
};

/** An authority whose applicants nobody scores, under caps of the enterprise. */
async function unscoredStart() {
  const caps: Caps = { enterprise: { permissions: ['view', 'make'] } };
  const deps = certificateDeps();
  const settingsSource = rulesSettings(deps, {
    ...referenceRules,
    own: async () => ({ table: referenceRules.table, caps }),
  });
  return { deps: { ...deps, settingsSource }, caps };
}

/** A federation that knows one person, and an authority that believes it. */
async function start(logOdds: readonly number[] = [-4, -4, -4], sanctioned = false) {
  const federation = await startFederation();
  const certificates = certificateDeps(federation.clock.now());
  const { requests, policy, policyRows } = federation.coordinator;
  const unscored = rulesSettings(certificates, referenceRules);
  const trust = { federation: federation.federation, requests, policy, policyRows };
  const deps = {
    ...certificates,
    ledger: federation.coordinator.ledger,
    ledgerTrust: () => federation.coordinator.ledger.trust(),
    ...scoringLinks(federation.clock, trust, unscored),
  };
  const person = samplePerson(1);
  for (const [i, node] of ['bank', 'operator', 'registry'].entries()) {
    await federation.file(node, person, logOdds[i] ?? 0, sanctioned);
  }

  /** Scored for a key, and the application that goes with it. */
  async function scored(change: Partial<NewApplication> = {}) {
    const signer = await localSigner('sm2');
    const subjectKeySha256 = bytesToHex(sha256(signer.spki));
    const applied = federation.apply(person, { subjectKeySha256 });
    const request = await federation.score(applied, {}, people.applicant);
    const opened = federation.openSigned(applied, request);
    const input: NewApplication = {
      id: newId(deps),
      kind: 'person',
      algorithm: 'sm2',
      subject: { commonName: person.name, country: 'CN' },
      dnsNames: [],
      request: await certificateRequest(signer),
      requested,
      scored: {
        statement: canonicalJson(opened.statement),
        signature: base64urlText(opened.signature),
        nameKey: base64urlText(applied.draft.nameKey),
      },
      ...change,
    };
    return { input, requestId: request.requestId };
  }

  async function identified(change?: Partial<NewApplication>) {
    const { input, requestId } = await scored(change);
    await applyForCertificate(deps, people.applicant, input);
    const found = await identifyApplicant(deps, people.officer, input.id, undefined);
    return { id: input.id, requestId, found };
  }

  const approve = (id: string) => approveApplication(deps, people.approver, id);
  return { federation, deps, person, scored, identified, approve };
}

const refusal = (code: string, field: string) => ({ code, fields: [{ code: field }] });

describe('a federated decision with an application', () => {
  it('A5 A6 A7 A9 A10 A11: proves the identity, sets the certificate, and is delivered', async () => {
    const { deps, identified, approve } = await start();
    const { id, found } = await identified();
    expect(found).toMatchObject({
      state: 'identified',
      identity: { method: 'federated', passed: true },
    });
    const { decision } = await approve(id);
    expect(decision?.settings).toMatchObject({
      tier: 1,
      role: 'checker',
      limits: requested.limits,
    });
    const [frozen] = await issueCertificates(deps, people.approver, id);
    const serialHex = frozen?.serialHex ?? '';
    expect(frozen?.state).toBe('frozen');
    const thawed = await thawCertificate(deps, people.approver, { serialHex, id: 'thaw' });
    expect(thawed).toMatchObject({ state: 'active', delivery: 'delivered' });
    const settings = JSON.parse(thawed.statement?.payload ?? '{}').settings;
    expect(settings).toEqual(decision?.settings);
    expect(settings.modelHash).toBe(
      (await deps.ledger.history(`model/${settings.modelHash}`))[0]?.event.type === 'model'
        ? settings.modelHash
        : undefined,
    );
  });

  it('A10: grants the least of request, decision and the caps of today', async () => {
    const { federation, identified, approve } = await start();
    const wide: RequestedSettings = {
      role: 'authoriser',
      permissions: ['view', 'make', 'check', 'payroll', 'authorise'],
      limits: [
        { channel: 'online', currency: 'CNY', single: '9000000', daily: '90000000', count: 90 },
        { channel: 'counter', currency: 'CNY', single: '9000000', daily: '90000000', count: 90 },
      ],
    };
    const caps: Caps = { account: { permissions: ['view', 'make'] } };
    const { id } = await identified({ requested: wide });
    await rulePolicy(federation.coordinator, () => ({ caps }), people.applicant);
    const { settings } = (await approve(id)).decision ?? {};
    // What was not asked for when the score was made is not given now.
    expect(settings).toMatchObject({ role: 'maker', permissions: ['view', 'make'] });
    expect(settings?.limits).toEqual([
      ...requested.limits,
      { channel: 'counter', currency: 'CNY', single: '0', daily: '0', count: 0 },
    ]);
  });

  it('A6: counts for its own name, key, applicant and day only, and as it was signed', async () => {
    const { deps, federation, person, scored } = await start();
    const { input } = await scored();
    const decision = input.scored;
    if (!decision) throw new Error('no decision');
    const apply = (change: Partial<NewApplication>, who = people.applicant) =>
      applyForCertificate(deps, who, { ...input, id: newId(deps), ...change });
    await expect(apply({ subject: { commonName: '冒名' } })).rejects.toMatchObject(
      refusal('decision_unusable', 'name_differs'),
    );
    const other = await certificateRequest(await localSigner('sm2'));
    await expect(apply({ request: other })).rejects.toMatchObject(
      refusal('decision_unusable', 'key_differs'),
    );
    const stranger = { ...people.applicant, actor: { ...people.applicant.actor, id: 'other' } };
    await expect(apply({}, stranger)).rejects.toMatchObject(
      refusal('decision_unusable', 'not_yours'),
    );
    const raised = decision.statement.replace('"tier":1', '"tier":2');
    const bytes = base64urlBytes(decision.signature) ?? new Uint8Array();
    const flipped = base64urlText(bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)));
    for (const scoredAs of [
      { ...decision, statement: raised },
      { ...decision, statement: `${decision.statement}x` },
      { ...decision, signature: flipped },
      { ...decision, signature: 'AAAA' },
    ]) {
      await expect(apply({ scored: scoredAs })).rejects.toMatchObject(
        refusal('decision_unusable', 'not_signed'),
      );
    }
    federation.clock.advance(25 * 3_600_000);
    await expect(apply({})).rejects.toMatchObject(refusal('decision_unusable', 'expired'));
    expect(person.name).not.toBe('冒名');
  });

  it('A6: an identity that the parties contradict rejects the application', async () => {
    const federated = await start();
    await federated.federation.file('registry', { ...federated.person, name: '别人' }, -4);
    const { found } = await federated.identified();
    expect(found).toMatchObject({ state: 'rejected', reason: 'identity_failed' });
  });
});

describe('an override of the tier', () => {
  // Log-odds of -2 in all: a probability of default of 11.9 %.
  const tierThree = [-1, -1, 0];
  const proposal = { tier: 2, reason: 'known to the branch for ten years' } as const;

  it('A10: counts with two signatures, by the reason, one step up, and is in the ledger', async () => {
    const { deps, identified, approve } = await start(tierThree);
    const { id, requestId } = await identified();
    const { maker, checker } = officers;
    const { override: first } = await proposeOverride(deps, maker, id, { ...proposal, tier: 4 });
    const { override: proposed } = await proposeOverride(deps, maker, id, proposal);
    const confirm = (of = proposed) =>
      ({ decision: 'confirm', proposedAtMs: of?.proposedAtMs ?? 0 }) as const;
    await expect(approve(id)).rejects.toMatchObject({ code: 'application_state' });
    await expect(decideOverride(deps, maker, id, confirm())).rejects.toMatchObject({
      code: 'same_person',
    });
    // What was replaced meanwhile is not what the checker read.
    await expect(decideOverride(deps, checker, id, confirm(first))).rejects.toMatchObject({
      code: 'application_changed',
    });
    const { override } = await decideOverride(deps, checker, id, confirm());
    const { sm2, keys } = await loadGm();
    const bytes = new TextEncoder().encode(override?.statement);
    const verdicts = override?.signatures.map(({ publicKey, value }) => {
      const spki = base64urlBytes(publicKey) ?? new Uint8Array();
      return sm2.verify(keys.decodeSpki(spki), bytes, base64urlBytes(value) ?? new Uint8Array());
    });
    expect(verdicts).toEqual([true, true]);
    expect(new Set(override?.signatures.map(({ publicKey }) => publicKey)).size).toBe(2);
    const { settings } = (await approve(id)).decision ?? {};
    expect(settings).toMatchObject({
      tier: 2,
      override: { fromTier: 3, maker: 'reviewer-qin', checker: 'risk-officer-xu' },
    });
    const history = await deps.ledger.history(`scoring/${requestId}`);
    expect(history.map(({ event }) => event.type)).toEqual(['decision', 'overridden']);
    expect(history[1]?.event).toMatchObject({
      overrideSha256: settings?.override?.statementSha256,
    });
  });

  it('A10: without a score goes up to the third tier, in the ledger under the application', async () => {
    const { deps, caps } = await unscoredStart();
    const input = await personApplication(deps, 'sm2');
    await applyForCertificate(deps, people.applicant, input);
    await identifyApplicant(deps, people.officer, input.id, { passed: true, reference: 'F-1' });
    const propose = (tier: 2 | 3 | 6) =>
      proposeOverride(deps, officers.maker, input.id, { ...proposal, tier });
    await expect(propose(6)).rejects.toMatchObject(refusal('override_refused', 'same_tier'));
    await expect(propose(2)).rejects.toMatchObject(refusal('override_refused', 'too_high'));
    const proposedAtMs = (await propose(3)).override?.proposedAtMs ?? 0;
    const verdict = { decision: 'confirm', proposedAtMs } as const;
    await decideOverride(deps, officers.checker, input.id, verdict);
    const { decision } = await approveApplication(deps, people.approver, input.id);
    expect(decision?.settings).toMatchObject({ tier: 3, override: { fromTier: 6 } });
    // Nobody gets more by not being scored: the caps of enterprise and account hold too.
    expect(decision?.settings.permissions).toEqual(caps.enterprise?.permissions);
    const history = await deps.ledger.history(`application/${input.id}`);
    expect(history.map(({ event }) => event.type)).toEqual(['overridden']);
  });

  it('A10: without score and override a certificate may only be viewed with', async () => {
    const { deps } = await unscoredStart();
    const id = await approvedApplication(deps);
    const { decision } = (await deps.certificates.findApplication('beichen-bank', id)) ?? {};
    expect(decision?.settings).toMatchObject({ tier: 6, permissions: ['view'], role: 'viewer' });
    expect(decision?.settings.limits).not.toHaveLength(0);
    expect(decision?.settings.limits.every(({ single }) => single === '0')).toBe(true);
  });

  it('A10: is refused above one step, against a hard rule, for the same tier, and once signed', async () => {
    const { deps, identified } = await start(tierThree);
    const { id } = await identified();
    const propose = (tier: 1 | 2 | 3 | 5) =>
      proposeOverride(deps, officers.maker, id, { ...proposal, tier });
    await expect(propose(1)).rejects.toMatchObject(refusal('override_refused', 'too_high'));
    await expect(propose(3)).rejects.toMatchObject(refusal('override_refused', 'same_tier'));
    for (const decision of ['refuse', 'confirm'] as const) {
      const proposedAtMs = (await propose(5)).override?.proposedAtMs ?? 0;
      await decideOverride(deps, officers.checker, id, { decision, proposedAtMs });
    }
    await expect(propose(2)).rejects.toMatchObject({ code: 'application_state' });

    const hit = await start(undefined, true);
    const { id: other } = await hit.identified();
    await expect(
      proposeOverride(hit.deps, officers.maker, other, { ...proposal, tier: 5 }),
    ).rejects.toMatchObject(refusal('override_refused', 'hard_rule'));
  });
});
