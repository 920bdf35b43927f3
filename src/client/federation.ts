import {
  type ApplicationDraft,
  draftApplication,
  sealApplication,
} from '../core/federation/application.ts';
import { openDecision, openReasons } from '../core/federation/decision.ts';
import {
  canonicalIdentity,
  type Identity,
  type IdentityField,
} from '../core/federation/identity.ts';
import { asJson } from '../core/federation/read.ts';
import { parseRoster, type Roster, rosterHash } from '../core/federation/roster.ts';
import { type KeyPair, loadSuite, type Suite } from '../core/federation/suite.ts';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { ApiError, type Client } from './api.ts';
import type { RequestedSettings, Scoring, SettingsDecision } from './federation-types.ts';
import type { NewCertificateApplication } from './types.ts';

export {
  canonicalIdentity,
  type Identity,
  type IdentityField,
} from '../core/federation/identity.ts';

/** How long a consent holds when the caller does not say. */
const consentTtlMs = 10 * 60_000;

export interface ApplicationInput {
  /** As the person typed it. */
  readonly identity: Identity;
  readonly requested: RequestedSettings;
  /** SHA-256 in hex of the public key (SPKI) that the certificate will be for. */
  readonly subjectKeySha256?: string;
  /**
   * Hash of the roster as its members publish it, for example in the ledger. Without it the service
   * is believed about who the parties are, and whoever controls it could name its own.
   */
  readonly expectedRosterHash?: string;
  readonly ttlMs?: number;
  readonly nowMs?: number;
}

/** A field of the identity that cannot be one. */
export class IdentityError extends Error {
  readonly fields: readonly IdentityField[];

  constructor(fields: readonly IdentityField[]) {
    super(fields.join(', '));
    this.name = 'IdentityError';
    this.fields = fields;
  }
}

/** An application before the person agreed. Show `consent` and what each party will see, then `send`. */
export interface PreparedApplication {
  readonly roster: Roster;
  readonly rosterHash: string;
  readonly requestId: string;
  /** The name in the form that a certificate must carry. */
  readonly name: string;
  readonly consent: ApplicationDraft['consent'];
  /** Signs the consent, encrypts for each party, sends, and opens the answer. */
  send(client: Client, signal?: AbortSignal): Promise<OpenedScoring>;
}

export interface OpenedScoring {
  readonly scoring: Scoring;
  readonly decision: SettingsDecision;
  /** What an application for a certificate carries along (`scored`). */
  readonly scored: NonNullable<NewCertificateApplication['scored']>;
  /** For each node, why its part spoke against the person. */
  readonly reasons: Readonly<Record<string, readonly string[]>>;
}

/**
 * Prepares an application for certificate settings (A1, A2). Nothing has left the terminal when it
 * resolves but the question who the parties are.
 *
 * @param keys sign the consent; fresh ones are made where none are given
 * @throws IdentityError; ApiError `roster_differs` when the roster is not the expected one
 */
export async function prepareApplication(
  client: Client,
  input: ApplicationInput,
  keys?: KeyPair,
): Promise<PreparedApplication> {
  const read = canonicalIdentity(input.identity);
  if ('wrong' in read) throw new IdentityError(read.wrong);
  const roster = parseRoster((await client.federation.get()).roster);
  const hash = rosterHash(roster);
  if (input.expectedRosterHash !== undefined && input.expectedRosterHash !== hash) {
    throw new ApiError('roster_differs');
  }
  const suite = await loadSuite(roster.suite);
  const { subjectKeySha256 } = input;
  const draft = draftApplication(suite, {
    roster,
    identity: read.identity,
    requested: asJson(input.requested),
    ...(subjectKeySha256 === undefined ? {} : { subjectKeySha256 }),
    nowMs: input.nowMs ?? Date.now(),
    ttlMs: input.ttlMs ?? consentTtlMs,
  });
  const { consent } = draft;
  return {
    roster,
    rosterHash: hash,
    requestId: consent.requestId,
    name: read.identity.name,
    consent,
    async send(sender, signal) {
      const sealed = sealApplication(suite, draft, keys);
      const texts = sealed.boxes.map(({ party, box }) => [party, base64urlText(box)] as const);
      const body = { consent: sealed.consent, boxes: Object.fromEntries(texts) };
      return openScoring(
        suite,
        draft,
        await sender.federation.request(body, { ...signalOf(signal) }),
      );
    },
  };
}

function signalOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

/** @throws ApiError `decision_unreadable` when the answer is not from the parties of the roster */
function openScoring(suite: Suite, draft: ApplicationDraft, scoring: Scoring): OpenedScoring {
  const { replyKeys, consent, application } = draft;
  const { roster } = application;
  const { requestId } = consent;
  const outcome = scoring.outcome;
  const bytesOf = (text: string | undefined) => base64urlBytes(text ?? '') ?? new Uint8Array();
  const box = bytesOf(outcome?.decision);
  const opened = openDecision(suite, roster, replyKeys, requestId, box);
  if (!opened || !isStatementFor(opened.statement, draft))
    throw new ApiError('decision_unreadable');
  const reasons = (outcome?.reasons ?? []).map(({ party, box: text }) => {
    const codes = openReasons(suite, roster, replyKeys, requestId, party, bytesOf(text));
    return [party, codes ?? []] as const;
  });
  const decision = {
    statement: opened.statement,
    signature: base64urlText(opened.signature),
    explanation: opened.explanation,
    // The decision service of the roster signed the statement and made the box; both have this form.
  } as unknown as SettingsDecision;
  const scored = {
    statement: canonicalJson(opened.statement),
    signature: decision.signature,
    nameKey: base64urlText(draft.nameKey),
  };
  return { scoring, decision, scored, reasons: Object.fromEntries(reasons) };
}

/** The statement is about this request and this person, not one of another day. */
function isStatementFor(statement: Json, { consent }: ApplicationDraft): boolean {
  const { requestId, subject } = statement as { requestId?: Json; subject?: Json };
  return requestId === consent.requestId && subject === consent.subject;
}
