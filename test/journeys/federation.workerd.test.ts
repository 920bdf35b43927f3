import { env } from 'cloudflare:workers';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { follow } from '../../src/client/events.ts';
import type { ScoringProgress } from '../../src/client/federation-types.ts';
import {
  type ApplicationDraft,
  draftApplication,
  sealApplication,
} from '../../src/core/federation/application.ts';
import { openDecision, openReasons } from '../../src/core/federation/decision.ts';
import type { Identity } from '../../src/core/federation/identity.ts';
import { asJson } from '../../src/core/federation/read.ts';
import { parseRoster, type Roster, rosterHash } from '../../src/core/federation/roster.ts';
import { loadSuite, type Suite } from '../../src/core/federation/suite.ts';
import { loadGm } from '../../src/core/gm.ts';
import type { Explanation } from '../../src/domain/federation/decide.ts';
import { samplePerson } from '../../src/domain/federation/sample-people.ts';
import type { RequestedSettings } from '../../src/domain/federation/settings.ts';
import type { SettingsStatement } from '../../src/domain/federation/statement.ts';
import type { FederationView, Scoring } from '../../src/edge/schemas/federation.ts';
import { base64urlBytes, base64urlText } from '../../src/lib/base64url.ts';
import { answerOf, callAs } from '../helpers/workerd/calls.ts';

const applicant = 'customer-chen';
const requested: RequestedSettings = {
  role: 'authoriser',
  permissions: ['view', 'make', 'check', 'authorise'],
  limits: [
    { channel: 'online', currency: 'CNY', single: '90000000', daily: '900000000', count: 900 },
  ],
};

let suite: Suite;
let roster: Roster;

function drafted(identity: Identity, ttlMs = 600_000): ApplicationDraft {
  const nowMs = Date.now();
  return draftApplication(suite, { roster, identity, requested: asJson(requested), nowMs, ttlMs });
}

function bodyOf(draft: ApplicationDraft) {
  const { consent, boxes } = sealApplication(suite, draft);
  const texts = boxes.map(({ party, box }) => [party, base64urlText(box)]);
  return { consent, boxes: Object.fromEntries(texts) };
}

function post(draft: ApplicationDraft) {
  return callAs(applicant, '/v1/federation/requests', { json: bodyOf(draft) });
}

function opened({ replyKeys, consent }: ApplicationDraft, scoring: Scoring) {
  const box = base64urlBytes(scoring.outcome?.decision ?? '') ?? new Uint8Array();
  const decision = openDecision(suite, roster, replyKeys, consent.requestId, box);
  if (!decision) throw new Error('the decision does not open');
  return {
    statement: decision.statement as unknown as SettingsStatement,
    explanation: decision.explanation as unknown as Explanation,
  };
}

async function decided(index: number) {
  const draft = drafted(samplePerson(index));
  const scoring = await answerOf<Scoring>(await post(draft), 201);
  return { draft, scoring, ...opened(draft, scoring) };
}

describe('an application through three nodes, a coordinator and a decision service', () => {
  beforeAll(async () => {
    const view = await answerOf<FederationView>(await callAs(applicant, '/v1/federation'));
    roster = parseRoster(view.roster);
    expect(rosterHash(roster)).toBe(view.rosterHash);
    suite = await loadSuite(roster.suite);
  });

  test('A1, A3, A5, A10: who pays on time gets a better tier than who does not', async () => {
    const people = await Promise.all([0, 1, 2, 3, 4, 5].map(decided));
    const tiers = people.map(({ statement }) => statement.settings.tier);
    expect(Math.max(...tiers.slice(0, 4))).toBeLessThan(3);
    expect(Math.min(...tiers.slice(4))).toBeGreaterThan(3);
    for (const { statement, scoring } of people) {
      expect(statement.identity).toBe('proven');
      expect(scoring).toMatchObject({
        state: 'decided',
        contributors: ['bank', 'operator', 'registry'],
      });
    }
  });

  test('A5: reasons are for the applicant; the ledger shows hashes', async () => {
    const { draft, scoring } = await decided(17);
    const reasons = scoring.outcome?.reasons.map(({ party, box }) => {
      const bytes = base64urlBytes(box) ?? new Uint8Array();
      return openReasons(suite, roster, draft.replyKeys, scoring.requestId, party, bytes);
    });
    expect(reasons?.flat().length).toBeGreaterThan(0);
    const entry = await callAs(undefined, `/ledger/entries/${scoring.outcome?.ledgerIndex}`);
    expect(await entry.text()).toContain(scoring.outcome?.decisionHash);
  });

  test('A6: a name that is not that of the number proves no identity', async () => {
    const draft = drafted({ ...samplePerson(6), name: '冒名' });
    const scoring = await answerOf<Scoring>(await post(draft), 201);
    const { statement, explanation } = opened(draft, scoring);
    expect(statement).toMatchObject({
      identity: 'failed',
      settings: { tier: 6, permissions: ['view'] },
    });
    expect(explanation.reasons).toContain('identity_failed');
  });

  test('R1, R5: one answer per request, one request per person and minute', async () => {
    const draft = drafted(samplePerson(8));
    const body = bodyOf(draft);
    const path = '/v1/federation/requests';
    const both = await Promise.all([1, 2, 3].map(() => callAs(applicant, path, { json: body })));
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const again = await post(drafted(samplePerson(8)));
    expect(again.status).toBe(422);
    expect(await again.json()).toMatchObject({
      code: 'federation_refused',
      errors: [
        { code: 'answer_repeated' },
        { code: 'answer_repeated' },
        { code: 'answer_repeated' },
      ],
    });
  });

  test('A5: who waits hears every stage by a stream of events, which ends with the request', async () => {
    const draft = drafted(samplePerson(16));
    const path = `/v1/federation/requests/${draft.consent.requestId}`;
    const posted = post(draft);
    const heard: ScoringProgress[] = [];
    await follow<ScoringProgress>(
      {
        open: async () => {
          const response = await callAs(applicant, `${path}/events`);
          if (response.status === 200) return response;
          throw new Error((await response.json<{ code: string }>()).code);
        },
        ask: async () => answerOf<ScoringProgress>(await callAs(applicant, path)),
        on(progress) {
          heard.push(progress);
          return progress.state !== 'running';
        },
        wait: async () => {},
      },
      new AbortController().signal,
    );
    const { state } = await answerOf<Scoring>(await posted, 201);
    expect(heard.at(-1)).toMatchObject({ state, stage: 'record' });
    expect(heard.at(-1)?.nodes.every((node) => node.state === 'settled')).toBe(true);
    expect(JSON.stringify(heard)).not.toContain('outcome');

    const later = await callAs('auditor-gao', `${path}/events`);
    expect(later.headers.get('content-type')).toContain('text/event-stream');
    expect((await later.text()).match(/^event: progress$/gm)?.length).toBe(1);
    expect((await callAs('teller-wu', `${path}/events`)).status).toBe(404);
  });

  test('another customer does not see the request, an auditor does', async () => {
    const { scoring } = await decided(10);
    const path = `/v1/federation/requests/${scoring.requestId}`;
    expect((await callAs('teller-wu', path)).status).toBe(404);
    expect(await answerOf<Scoring>(await callAs('auditor-gao', path))).toEqual(scoring);
  });

  test('A2: no identifier, plain or in a form that can be guessed, is in a store or the log of the edge', async () => {
    const log = vi.spyOn(console, 'log');
    const { draft } = await decided(12);
    const lines = log.mock.calls.flat().map(String);
    log.mockRestore();
    expect(lines.length).toBeGreaterThan(0);
    const tables = await env.DB.prepare(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'd1%'`,
    ).all<{ name: string }>();
    const rows = await Promise.all(
      tables.results.map(({ name }) => env.DB.prepare(`SELECT * FROM "${name}"`).all()),
    );
    const audit = await callAs('auditor-gao', '/v1/audit?limit=100');
    const kept = [...rows.map(({ results }) => JSON.stringify(results)), await audit.text()];
    const seen = [...lines, ...kept].join('\n');
    expect(seen).toContain(draft.consent.requestId);
    const gm = await loadGm();
    for (const value of Object.values(samplePerson(12))) {
      const texts = [value, `CN-ID|${value}`].map((text) => new TextEncoder().encode(text));
      const digests = texts.flatMap((text) => [sha256(text), gm.sm3(text)]);
      const written = digests.flatMap((bytes) => [bytesToHex(bytes), base64urlText(bytes)]);
      for (const marker of [value, ...written]) expect(seen).not.toContain(marker);
    }
  });

  test('an expired consent, and one for another roster, are refused at the door', async () => {
    const expired = await post(drafted(samplePerson(14), -1));
    expect(await expired.json()).toMatchObject({
      code: 'federation_consent_invalid',
      errors: [{ pointer: '/consent', code: 'consent_expired' }],
    });
    const draft = drafted(samplePerson(14));
    const other = { ...draft, consent: { ...draft.consent, rosterHash: '0'.repeat(64) } };
    expect(await (await post(other)).json()).toMatchObject({
      errors: [{ code: 'consent_roster' }],
    });
  });
});
