import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Federated } from '../../core/federated.ts';
import {
  consentFault,
  consentHash,
  parseSignedConsent,
  requestCommitment,
  type SignedConsent,
  saltBytes,
} from '../../core/federation/consent.ts';
import { applicant, openSigned, statementBytes } from '../../core/federation/decision.ts';
import { jsonHash, openJson, sealJson } from '../../core/federation/envelope.ts';
import {
  asJson,
  bytesOf,
  countOf,
  fieldsOf,
  flagOf,
  listOf,
  patterns,
  textOf,
  wordOf,
} from '../../core/federation/read.ts';
import { nodesMax } from '../../core/federation/roster.ts';
import type { PartyKeys } from '../../core/federation/suite.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import { newId } from '../id.ts';
import { grantSettings } from './grant.ts';
import {
  type Addressed,
  type DecideMessage,
  type DecideReply,
  type DecisionRecord,
  messageJson,
  PartyRefusal,
  parseDecideReply,
} from './messages.ts';
import { type IdentityFinding, identityFindings } from './node.ts';
import {
  boxContext,
  type Federation,
  indexOfNode,
  keysOfParty,
  scoringContext,
} from './parties.ts';
import { type CaseFacts, decideTier, isByScore, isHardRule, type PolicyTable } from './policy.ts';
import { policyFaults } from './policy-check.ts';
import type { DecisionStore, PartySystem } from './ports.ts';
import { parseRequested } from './requested.ts';
import { wordRing } from './ring.ts';
import { assertContributors, completenessOf, hashContributors } from './rules.ts';
import { type Band, bands } from './scoring.ts';
import type { GrantDecision, RequestedSettings } from './settings.ts';
import { combine, type Report } from './sharing.ts';
import type { SettingsStatement } from './statement.ts';
import { decodeWord, wordsOfBytes } from './word.ts';

/** The public part of the model: what a sum means. */
export interface ScoreScale {
  /** The probability of default for a sum of all parts, in millionths. */
  pdMicros(score: bigint): number;
  /** A part's mean in training, for a party that took no part. */
  meanOf(party: string): bigint;
}

export interface DecisionDeps extends PartySystem {
  readonly federation: Federation;
  readonly keys: PartyKeys;
  readonly scale: ScoreScale;
  /** The table of the federation: an institution's own lies within it. */
  readonly policy: PolicyTable;
  readonly store: DecisionStore;
  readonly federated: Federated;
}

/** How the decision came about, for the applicant. It holds no score and nobody's part of one. */
export interface Explanation {
  readonly bands: readonly { readonly party: string; readonly band: Band }[];
  readonly binding: GrantDecision['binding'];
  readonly reasons: GrantDecision['reasons'];
  readonly requested: RequestedSettings;
  /** Parties whose part is in the sum. */
  readonly contributors: readonly string[];
  /** The table that was decided by. */
  readonly policy: { readonly name: string; readonly version: number };
}

/** How long a statement may wait for its certificate. */
const statementTtlMs = 24 * 3_600_000;
const dayMs = 24 * 3_600_000;

export function policyHash(policy: PolicyTable): string {
  return jsonHash(asJson(policy));
}

/**
 * Decides on settings: adds the reports to one sum, reads tier and flags from it, grants, and
 * encrypts the outcome for the applicant (A5, A10; rules R2, R3 and the double-report check).
 *
 * One decision per request, for ever; the same message again gets the same reply.
 *
 * @throws PartyRefusal, FederationError, TypeError
 */
export async function decideRequest(
  deps: DecisionDeps,
  message: DecideMessage,
): Promise<DecideReply> {
  const { requestId } = message;
  const request = readRequest(deps, message);
  const digest = bytesToHex(sha256(utf8ToBytes(messageJson(message))));
  const known = await deps.store.find(requestId);
  if (known) return sameAnswer(known, digest);

  const says = message.statements.map((box) => readStatement(deps, requestId, box));
  const tag = tagOf(says);
  // A box is sealed by whoever has a public key: the consent in this one must be the nodes' own.
  const consent = consentHash(request.consent);
  if (says.some((saying) => saying.consent !== consent)) throw new PartyRefusal('subject_mismatch');
  const sum = sumOf(deps, message);
  const previous = await deps.store.newestByScore(tag);
  const facts: CaseFacts = {
    identityProven: isIdentityProven(deps, says),
    sanctionHit: says.some(({ sanctioned }) => sanctioned),
    consentValid: true,
    missingParts: sum.missing,
    missingMandatoryParts: sum.needsReview ? 1 : 0,
    ...(previous ? { previousTier: previous.tier } : {}),
  };
  const policy = policyFor(deps, message);
  const { tier, reasons } = decideTier(policy, deps.scale.pdMicros(sum.score), facts);
  const granted = grantSettings(policy, tier, request.requested, message.caps ?? {});
  const decided = makeDecision(
    deps,
    message,
    request,
    facts,
    {
      ...granted,
      reasons: [...reasons, ...granted.reasons],
    },
    says,
  );
  const stored = await deps.store.keep({
    requestId,
    decisionId: decided.decisionId,
    tag,
    tier,
    isByScore: isByScore(facts),
    digest,
    reply: messageJson(decided.reply),
    content: canonicalJson(decided.content),
    decidedAtMs: deps.clock.now(),
  });
  return sameAnswer(stored, digest);
}

/** @throws PartyRefusal `policy_invalid` for a table that gives more than the federation's */
function policyFor({ policy }: DecisionDeps, message: DecideMessage): PolicyTable {
  if (!message.policy) return policy;
  if (policyFaults(message.policy, policy).length > 0) throw new PartyRefusal('policy_invalid');
  return message.policy;
}

function sameAnswer(stored: { digest: string; reply: string }, digest: string): DecideReply {
  if (stored.digest !== digest) throw new PartyRefusal('answer_repeated');
  return parseDecideReply(JSON.parse(stored.reply));
}

interface Request {
  readonly consent: SignedConsent;
  readonly requested: RequestedSettings;
  readonly subjectKeySha256?: string;
}

function readRequest(deps: DecisionDeps, { requestId, box }: DecideMessage): Request {
  const { federation, keys } = deps;
  const { suite, roster } = federation;
  const context = boxContext(federation, requestId, 'request', applicant, keys.id);
  const content = openJson(suite, keys.box, context, box);
  const fields = fieldsOf(content, ['consent', 'requested', 'requestSalt', 'subjectKeySha256?']);
  const consent = parseSignedConsent(fields.consent);
  const fault = consentFault(suite, roster, consent, keys.id, deps.clock.now());
  if (fault) throw new PartyRefusal(fault);
  if (consent.consent.requestId !== requestId) throw new PartyRefusal('subject_mismatch');
  const asked = {
    requested: parseRequested(fields.requested),
    ...(fields.subjectKeySha256 === undefined
      ? {}
      : { subjectKeySha256: textOf(fields, 'subjectKeySha256', patterns.hash) }),
  };
  const salt = bytesOf(fields, 'requestSalt', saltBytes);
  const commitment = requestCommitment(salt, { ...asked, requested: asJson(asked.requested) });
  // What the box asks for is what was signed: a box is sealed by whoever has a public key.
  if (commitment !== consent.consent.request) throw new PartyRefusal('subject_mismatch');
  return { consent, ...asked };
}

/** What a node says of the person. */
interface Saying {
  readonly party: string;
  readonly identity: IdentityFinding;
  readonly tag: string;
  readonly sanctioned: boolean;
  readonly band: Band;
  /** `consentHash` of the one that the node was given. */
  readonly consent: string;
}

function readStatement(deps: DecisionDeps, requestId: string, from: Addressed): Saying {
  const fields = fieldsOf(openFrom(deps, requestId, 'statement', from), [
    'identity',
    'tag',
    'sanctioned',
    'band',
    'consent',
  ]);
  return {
    party: from.party,
    identity: wordOf(fields, 'identity', identityFindings),
    tag: bytesToHex(bytesOf(fields, 'tag', 16)),
    sanctioned: flagOf(fields, 'sanctioned'),
    band: wordOf(fields, 'band', bands),
    consent: textOf(fields, 'consent', patterns.hash),
  };
}

function openFrom(
  { federation, keys }: DecisionDeps,
  requestId: string,
  step: 'statement' | 'sums',
  { party, box }: Addressed,
): unknown {
  indexOfNode(federation, party);
  const { signKey } = keysOfParty(federation, party);
  const context = boxContext(federation, requestId, step, party, keys.id);
  const content = openSigned(federation.suite, keys.box, signKey, context, box);
  if (content === undefined) throw new PartyRefusal('message_invalid');
  return content;
}

/** Nodes that speak of different people have been given boxes that do not belong together. */
function tagOf(says: readonly Saying[]): string {
  const parties = new Set(says.map(({ party }) => party));
  const tags = new Set(says.map(({ tag }) => tag));
  const [tag] = tags;
  if (tag === undefined || tags.size !== 1) throw new PartyRefusal('subject_mismatch');
  if (parties.size !== says.length) throw new PartyRefusal('message_invalid');
  return tag;
}

/** Proven when a party that may say so confirms it and none contradicts (A6). */
function isIdentityProven({ federation }: DecisionDeps, says: readonly Saying[]): boolean {
  const heard = says.filter(({ party }) =>
    federation.roster.nodes.some(({ id, provesIdentity }) => id === party && provesIdentity),
  );
  const findings = heard.map(({ identity }) => identity);
  return findings.includes('match') && !says.some(({ identity }) => identity === 'mismatch');
}

function sumOf(deps: DecisionDeps, message: DecideMessage) {
  const { federation, federated, scale } = deps;
  const { sharing, roster } = federation;
  const { requestId, contributors } = message;
  const list = contributors.map((id) => indexOfNode(federation, id));
  const atDecision = roster.nodes.flatMap(({ runByDecision }, i) => (runByDecision ? [i] : []));
  assertContributors(sharing, list, atDecision);
  const context = scoringContext(federation, requestId);
  const hash = base64urlText(hashContributors(context, list));
  const reports = message.reports.map((from) => readReport(deps, requestId, hash, from));
  const [word = 0n] = combine(wordRing(federated), sharing, reports);
  const content = decodeWord(word);
  const lost = roster.nodes.filter(({ id }) => !contributors.includes(id));
  const score = lost.reduce((sum, { id }) => sum + scale.meanOf(id), content.score);
  return { score, ...completenessOf(content, lost) };
}

function readReport(
  deps: DecisionDeps,
  requestId: string,
  contributorsHash: string,
  from: Addressed,
): Report {
  const fields = fieldsOf(openFrom(deps, requestId, 'sums', from), ['contributors', 'sums']);
  if (fields.contributors !== contributorsHash) throw new PartyRefusal('contributors_invalid');
  const sums = listOf(fields.sums, 2 * nodesMax, (item) => {
    const sum = fieldsOf(item, ['piece', 'word']);
    const piece = countOf(sum, 'piece', 2 * nodesMax);
    return { piece, words: wordsOfBytes(bytesOf(sum, 'word', 8), 1) };
  });
  return { node: indexOfNode(deps.federation, from.party), sums };
}

function makeDecision(
  deps: DecisionDeps,
  message: DecideMessage,
  request: Request,
  facts: CaseFacts,
  decision: GrantDecision,
  says: readonly Saying[],
) {
  const { suite } = deps.federation;
  const { consent } = request.consent;
  const policy = policyFor(deps, message);
  const statement = makeStatement(deps, request, facts, decision, policy);
  const explanation: Explanation = {
    bands: says.map(({ party, band }) => ({ party, band })),
    binding: decision.binding,
    reasons: decision.reasons,
    requested: request.requested,
    contributors: message.contributors,
    policy: { name: policy.name, version: policy.version },
  };
  const signature = suite.sign(deps.keys.sign, statementBytes(asJson(statement)));
  const content = {
    statement: asJson(statement),
    signature: base64urlText(signature),
    explanation: asJson(explanation),
  };
  const replyKey = bytesOf({ key: consent.replyKey }, 'key', suite.publicKeyBytes);
  const { requestId } = consent;
  const context = boxContext(deps.federation, requestId, 'decision', deps.keys.id, applicant);
  const box = sealJson(suite, replyKey, context, content);
  const reply = signRecord(deps, message, box, statement.settings.policyHash);
  return { decisionId: statement.decisionId, content, reply };
}

function makeStatement(
  deps: DecisionDeps,
  { consent: { consent }, subjectKeySha256 }: Request,
  facts: CaseFacts,
  { grant }: GrantDecision,
  policy: PolicyTable,
): SettingsStatement {
  const { federation } = deps;
  const decisionId = newId(deps);
  const nowMs = deps.clock.now();
  const now = instantText(nowMs);
  return {
    v: 1,
    requestId: consent.requestId,
    decisionId,
    subject: consent.subject,
    name: consent.name,
    ...(subjectKeySha256 === undefined ? {} : { subjectKeySha256 }),
    identity: facts.identityProven ? 'proven' : 'failed',
    isFinal: isHardRule(facts),
    settings: {
      ...grant,
      validFrom: now,
      validTo: instantText(nowMs + policy.validDays * dayMs),
      modelHash: federation.roster.modelHash,
      policyHash: policyHash(policy),
      decisionId,
    },
    issuedAt: now,
    expiresAt: instantText(nowMs + statementTtlMs),
  };
}

function signRecord(
  { federation, keys }: DecisionDeps,
  { requestId, contributors }: DecideMessage,
  decision: Uint8Array,
  policy: string,
): DecideReply {
  const list = contributors.map((id) => indexOfNode(federation, id));
  const hash = hashContributors(scoringContext(federation, requestId), list);
  const record: DecisionRecord = {
    requestId,
    decisionHash: bytesToHex(sha256(decision)),
    modelHash: federation.roster.modelHash,
    policyHash: policy,
    contributorsHash: bytesToHex(hash),
  };
  return { decision, record, signature: federation.suite.sign(keys.sign, recordBytes(record)) };
}

/** What the decision service signs of the record that goes into the ledger. */
export function recordBytes(record: DecisionRecord): Uint8Array {
  return utf8ToBytes(`cinnabar decision record 1\n${canonicalJson({ ...record })}`);
}
