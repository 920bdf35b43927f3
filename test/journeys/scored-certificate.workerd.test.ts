import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ApplicationDraft,
  draftApplication,
  sealApplication,
} from '../../src/core/federation/application.ts';
import { openDecision } from '../../src/core/federation/decision.ts';
import { asJson } from '../../src/core/federation/read.ts';
import { parseRoster, type Roster } from '../../src/core/federation/roster.ts';
import { loadSuite, type Suite } from '../../src/core/federation/suite.ts';
import { type DeliveryBundle, verifyBundle } from '../../src/core/pki/bundle.ts';
import { samplePerson } from '../../src/domain/federation/sample-people.ts';
import type { RequestedSettings } from '../../src/domain/federation/settings.ts';
import { policyOf } from '../../src/domain/ledger/lookup.ts';
import type { LedgerTrust } from '../../src/domain/ledger/ports.ts';
import type { Certificate, CertificateApplication } from '../../src/edge/schemas/certificates.ts';
import type { FederationView, Scoring } from '../../src/edge/schemas/federation.ts';
import type { LedgerHistory } from '../../src/edge/schemas/ledger.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { canonicalJson } from '../../src/lib/canonical-json.ts';
import { encodePem } from '../../src/lib/pem.ts';
import { localSigner } from '../helpers/certificate-keys.ts';
import { certificateRequest } from '../helpers/certificates.ts';
import { answerOf, callAs } from '../helpers/workerd/calls.ts';

const applicant = 'customer-chen';
const requested: RequestedSettings = {
  role: 'checker',
  permissions: ['view', 'make', 'check', 'payroll'],
  limits: [
    { channel: 'online', currency: 'CNY', single: '30000000', daily: '90000000', count: 60 },
  ],
};

let suite: Suite;
let roster: Roster;

/** Consent, boxes, decision; and what the applicant adds to the application for a certificate. */
async function scored(index: number) {
  const signer = await localSigner('sm2');
  const draft: ApplicationDraft = draftApplication(suite, {
    roster,
    identity: samplePerson(index),
    requested: asJson(requested),
    subjectKeySha256: bytesToHex(sha256(signer.spki)),
    nowMs: Date.now(),
    ttlMs: 600_000,
  });
  const { consent, boxes } = sealApplication(suite, draft);
  const texts = boxes.map(({ party, box }) => [party, base64urlText(box)]);
  const json = { consent, boxes: Object.fromEntries(texts) };
  const scoring = await answerOf<Scoring>(
    await callAs(applicant, '/v1/federation/requests', { json }),
    201,
  );
  const box = base64urlBytes(scoring.outcome?.decision ?? '') ?? new Uint8Array();
  const opened = openDecision(suite, roster, draft.replyKeys, consent.consent.requestId, box);
  if (!opened) throw new Error('the decision does not open');
  return {
    scoring,
    body: {
      kind: 'person',
      algorithm: 'sm2',
      subject: { commonName: samplePerson(index).name, country: 'CN' },
      request: encodePem('CERTIFICATE REQUEST', await certificateRequest(signer)),
      requested,
      scored: {
        statement: canonicalJson(opened.statement),
        signature: base64urlText(opened.signature),
        nameKey: base64urlText(draft.nameKey),
      },
    },
  };
}

const base = '/v1/certificates';

async function apply(body: object) {
  const made = await callAs(applicant, `${base}/applications`, { json: body });
  const { id } = await answerOf<CertificateApplication>(made, 201);
  const act = async (who: string, path: string, json: object = {}) =>
    answerOf<CertificateApplication>(
      await callAs(who, `${base}/applications/${id}${path}`, { json }),
    );
  return { id, act };
}

async function typesOf(subject: string): Promise<readonly string[]> {
  const answer = await callAs(undefined, `/ledger/subjects/${subject}`);
  const { entries } = await answerOf<LedgerHistory>(answer);
  return entries.map(({ event }) => String(event.type));
}

describe('from consent to a delivered certificate, on the real Workers', () => {
  beforeAll(async () => {
    const view = await answerOf<FederationView>(await callAs(applicant, '/v1/federation'));
    roster = parseRoster(view.roster);
    suite = await loadSuite(roster.suite);
  });

  test('A1 A5 A6 A7 A9 A10 A11: scored, identified by the parties, frozen, thawed, set, delivered', async () => {
    const { body, scoring } = await scored(20);
    const { act } = await apply(body);
    const identified = await act('reviewer-he', '/identity', { method: 'federated' });
    expect(identified.identity).toMatchObject({ method: 'federated', passed: true });
    const { certificates, decision } = await act('administrator-lin', '/approve');
    const serial = certificates[0] ?? '';
    const path = `${base}/${serial}`;
    const frozen = await answerOf<Certificate>(await callAs(applicant, path));
    expect(frozen).toMatchObject({ state: 'frozen', delivery: 'none' });
    const thawed = await callAs('administrator-lin', `${path}/thaw`, { json: {} });
    expect(await answerOf(thawed)).toMatchObject({ state: 'active', delivery: 'delivered' });

    const bundle = await answerOf<DeliveryBundle>(await callAs(applicant, `${path}/bundle`));
    const root = await callAs(undefined, '/pki/ca.crt?algorithm=sm2&role=root');
    const ledger = await answerOf<LedgerTrust>(await callAs(undefined, '/ledger/trust'));
    const trust = {
      roots: [new Uint8Array(await root.arrayBuffer())],
      ledger: policyOf(ledger),
    };
    const verdict = await verifyBundle(bundle, trust, Date.now());
    expect(verdict).toMatchObject({
      ok: true,
      settings: {
        modelHash: roster.modelHash,
        policyHash: scoring.outcome?.policyHash,
        decisionId: decision?.settings.decisionId,
        limits: decision?.settings.limits,
      },
    });
    expect(await typesOf(`model/${roster.modelHash}`)).toEqual(['model']);
    expect(await typesOf(`policy/${scoring.outcome?.policyHash}`)).toEqual(['policy']);
  });

  test('A10: two officers lower the tier; both names stand in the settings, the event in the ledger', async () => {
    const { body, scoring } = await scored(21);
    const { act } = await apply(body);
    const { decidedTier = 0 } = await act('reviewer-he', '/identity', { method: 'federated' });
    const proposal = { tier: decidedTier + 1, reason: '首年审慎' };
    const proposed = await act('reviewer-qin', '/override', proposal);
    const { override } = await act('risk-officer-xu', '/override/decision', {
      decision: 'confirm',
      proposedAt: proposed.override?.proposedAt,
    });
    expect(override).toMatchObject({ fromTier: decidedTier, checker: 'risk-officer-xu' });
    const { decision } = await act('administrator-lin', '/approve');
    expect(decision?.settings).toMatchObject({
      tier: decidedTier + 1,
      override: { maker: 'reviewer-qin', reason: '首年审慎' },
    });
    expect(await typesOf(`scoring/${scoring.requestId}`)).toEqual(['decision', 'overridden']);
  });

  test('A6: the decision of another person, or of another key, makes no application', async () => {
    const [mine, other] = [await scored(22), await scored(23)];
    for (const body of [
      { ...mine.body, scored: other.body.scored },
      { ...mine.body, subject: other.body.subject },
    ]) {
      const refused = await callAs(applicant, `${base}/applications`, { json: body });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ code: 'decision_unusable' });
    }
  });
});
