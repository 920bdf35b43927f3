import type { Federated } from '../../core/federated.ts';
import {
  consentFault,
  consentHash,
  nameCommitment,
  nameKeyOf,
  parseSignedConsent,
  type SignedConsent,
  saltBytes,
  subjectCommitment,
} from '../../core/federation/consent.ts';
import { applicant, signedBytes } from '../../core/federation/decision.ts';
import { contextHash, jsonHash, openJson, sealJson } from '../../core/federation/envelope.ts';
import { canonicalIdentity, type Identity } from '../../core/federation/identity.ts';
import { bytesOf, fieldsOf } from '../../core/federation/read.ts';
import type { PartyKeys } from '../../core/federation/suite.ts';
import type { Gm } from '../../core/gm.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { Json } from '../../lib/canonical-json.ts';
import { instantMs } from '../../lib/time.ts';
import {
  messageJson,
  type OpenMessage,
  type OpenReply,
  PartyRefusal,
  parseOpenReply,
  parseSettleReply,
  type SettleMessage,
  type SettleReply,
} from './messages.ts';
import {
  boxContext,
  type Federation,
  indexOfNode,
  keysOfParty,
  type PairKeys,
  scoringContext,
} from './parties.ts';
import { type PeopleKeys, type PersonReference, referTo, sameTag } from './people.ts';
import { keyedPieces } from './pieces.ts';
import type { KeptAnswer, NodeStep, NodeStore, PartySystem, PersonRow } from './ports.ts';
import { wordRing } from './ring.ts';
import { assertContributors, claimAnswer, hashContributors } from './rules.ts';
import type { PartialScore } from './scoring.ts';
import { correct, correctedPieceOf, sumHeld } from './sharing.ts';
import { bytesOfWords, encodeWord, wordsOfBytes } from './word.ts';

/** A party's private part of the model. */
export interface PartModel {
  /** Of the part: only rows that it has binned mean anything to it. */
  readonly commitment: string;
  /** The mean in training: what stands in for a row that is not there. */
  readonly absent: bigint;
  scoreRow(bins: Uint8Array): PartialScore;
}

/** Everything that a node computes with. */
export interface NodeDeps extends PartySystem {
  readonly federation: Federation;
  readonly keys: PartyKeys;
  readonly pairKeys: ReadonlyMap<string, PairKeys>;
  readonly people: PeopleKeys;
  readonly model: PartModel;
  readonly store: NodeStore;
  readonly gm: Gm;
  readonly federated: Federated;
}

export const identityFindings = ['match', 'mismatch', 'unknown'] as const;
/** Whether name, identity number and phone belong together, as far as a node knows. */
export type IdentityFinding = (typeof identityFindings)[number];

/**
 * Answers an applicant's box: shares the partial score among the nodes, says to the decision
 * service whether the identity is right, and to the applicant why (A3, rules R1, R4, R5).
 *
 * Whether this node knows the person changes neither what is sent nor its length. The same message
 * again gets the same answer; a second one for the request is refused.
 *
 * @throws PartyRefusal, FederationError, TypeError
 */
export async function openRequest(deps: NodeDeps, message: OpenMessage): Promise<OpenReply> {
  const { requestId } = message;
  const { consent, identity } = readApplication(deps, message);
  const expiresAtMs = instantMs(consent.consent.expiresAt);
  const digest = jsonHash({ box: base64urlText(message.box) });
  const kept = await keptAnswer(deps, requestId, 'open', digest);
  if (kept) return parseOpenReply(JSON.parse(kept.reply));

  const person = referTo(deps.gm, deps.people, identity);
  await claimAnswer(deps.store, {
    requestId,
    persons: [base64urlText(person.pid)],
    nowMs: deps.clock.now(),
    expiresAtMs,
  });
  const row = await deps.store.findPerson(person.pid);
  const reply = shareScore(deps, consent, person, row);
  const { reply: text } = await keep(deps, requestId, 'open', digest, reply, expiresAtMs);
  return parseOpenReply(JSON.parse(text));
}

/**
 * Reports to the decision service the sum over the contributors of each piece that this node holds.
 * One list of contributors per request, for ever: a second one is refused (rule R1).
 *
 * @throws PartyRefusal, FederationError, TypeError
 */
export async function settleRequest(deps: NodeDeps, message: SettleMessage): Promise<SettleReply> {
  const { requestId } = message;
  const opened = await deps.store.findAnswer(requestId, 'open');
  if (!opened || deps.clock.now() >= opened.expiresAtMs) throw new PartyRefusal('message_invalid');
  const digest = jsonHash({ contributors: message.contributors, pieces: piecesJson(message) });
  const kept = await keptAnswer(deps, requestId, 'settle', digest);
  if (kept) return parseSettleReply(JSON.parse(kept.reply));

  const reply = { report: report(deps, message) };
  const { reply: text } = await keep(deps, requestId, 'settle', digest, reply, opened.expiresAtMs);
  return parseSettleReply(JSON.parse(text));
}

function piecesJson({ pieces }: SettleMessage): Json {
  return pieces.map(({ party, box }) => ({ party, box: base64urlText(box) }));
}

interface Application {
  readonly consent: SignedConsent;
  readonly identity: Identity;
}

/** Opens the box and checks that its consent lets this node act, now, for this person. */
function readApplication(deps: NodeDeps, { requestId, box }: OpenMessage): Application {
  const { federation, keys } = deps;
  const context = boxContext(federation, requestId, 'apply', applicant, keys.id);
  const fields = fieldsOf(openJson(federation.suite, keys.box, context, box), [
    'consent',
    'identity',
    'salt',
  ]);
  const consent = parseSignedConsent(fields.consent);
  const { suite, roster } = federation;
  const fault = consentFault(suite, roster, consent, keys.id, deps.clock.now());
  if (fault) throw new PartyRefusal(fault);
  const identity = readIdentity(fields.identity);
  const salt = bytesOf(fields, 'salt', saltBytes);
  const isSubject =
    subjectCommitment(salt, identity) === consent.consent.subject &&
    nameCommitment(nameKeyOf(salt), identity.name) === consent.consent.name;
  if (salt.length !== saltBytes || consent.consent.requestId !== requestId || !isSubject) {
    throw new PartyRefusal('subject_mismatch');
  }
  return { consent, identity };
}

function readIdentity(value: unknown): Identity {
  const fields = fieldsOf(value, ['name', 'idNumber', 'phone']);
  const { name, idNumber, phone } = fields;
  if (typeof name !== 'string' || typeof idNumber !== 'string' || typeof phone !== 'string') {
    throw new PartyRefusal('message_invalid');
  }
  const read = canonicalIdentity({ name, idNumber, phone });
  if ('wrong' in read) throw new PartyRefusal('message_invalid');
  return read.identity;
}

async function keptAnswer(
  { store }: NodeDeps,
  requestId: string,
  step: NodeStep,
  digest: string,
): Promise<KeptAnswer | undefined> {
  const kept = await store.findAnswer(requestId, step);
  if (kept && kept.digest !== digest) throw new PartyRefusal('answer_repeated');
  return kept;
}

/** The answer leaves only after it is kept, and only if it is the one that is. */
async function keep(
  { store }: NodeDeps,
  requestId: string,
  step: NodeStep,
  digest: string,
  reply: object,
  expiresAtMs: number,
): Promise<KeptAnswer> {
  const answer = { requestId, step, digest, reply: messageJson(reply), expiresAtMs };
  const kept = await store.keepAnswer(answer);
  if (kept.digest !== digest) throw new PartyRefusal('answer_repeated');
  return kept;
}

function shareScore(
  deps: NodeDeps,
  signed: SignedConsent,
  person: PersonReference,
  row: PersonRow | undefined,
): OpenReply {
  const { consent } = signed;
  const { federation, keys, model } = deps;
  const { roster, suite } = federation;
  const { requestId } = consent;
  const self = indexOfNode(federation, keys.id);
  // Bins of another model say nothing in this one. Tags and sanction are no model's, and stand.
  const part = row?.binnedBy === model.commitment ? model.scoreRow(row.bins) : undefined;
  const absence = roster.nodes[self]?.mandatory ? 'absent-mandatory' : 'absent';
  const word = part ? encodeWord(part.score) : encodeWord(model.absent, absence);
  const statement = {
    identity: saidOf(findingOf(person, row), roster.nodes[self]?.provesIdentity ?? false),
    tag: base64urlText(person.tag),
    sanctioned: row?.sanctioned ?? false,
    band: part?.band ?? 'neutral',
    consent: consentHash(signed),
  };
  const replyKey = bytesOf({ replyKey: consent.replyKey }, 'replyKey', suite.publicKeyBytes);
  const reasonsTo = boxContext(federation, requestId, 'reasons', keys.id, applicant);
  return {
    pieces: sharePieces(deps, requestId, self, BigUint64Array.of(word)),
    statement: sealSigned(deps, requestId, 'statement', statement),
    reasons: sealJson(suite, replyKey, reasonsTo, { reasons: part?.reasons ?? [] }),
  };
}

/**
 * Only a node that proves identities says that it knows somebody; from the others a match would
 * tell whose customer the person is, which the score hides. A contradiction is said by all.
 */
function saidOf(finding: IdentityFinding, provesIdentity: boolean): IdentityFinding {
  return finding === 'match' && !provesIdentity ? 'unknown' : finding;
}

function findingOf(person: PersonReference, row: PersonRow | undefined): IdentityFinding {
  if (!row) return 'unknown';
  const isName = sameTag(row.nameTag, person.nameTag);
  const isPhone = row.phoneTag === undefined || sameTag(row.phoneTag, person.phoneTag);
  return isName && isPhone ? 'match' : 'mismatch';
}

/** The corrected piece for each other holder; all other pieces travel never. */
function sharePieces(deps: NodeDeps, requestId: string, self: number, words: BigUint64Array) {
  const { federation, federated, keys, pairKeys } = deps;
  const { sharing, suite, roster } = federation;
  const source = pieceSource(deps, requestId);
  const corrected = correct(wordRing(federated), sharing, self, words, source);
  const bytes = bytesOfWords(corrected);
  return correctedPieceOf(sharing, self).holders.map((holder) => {
    const party = roster.nodes[holder]?.id ?? '';
    const context = contextHash(boxContext(federation, requestId, 'piece', keys.id, party));
    const box = suite.encrypt(pairKeyWith(pairKeys, party).transport, context, bytes);
    return { party, box };
  });
}

/** With a threshold of n - 1 every silent piece belongs to two nodes, and so to a pair of keys. */
function pieceSource({ federation, federated, keys, pairKeys }: NodeDeps, requestId: string) {
  const context = scoringContext(federation, requestId);
  return keyedPieces(federated, context, (_, { holders }) => {
    const ids = holders.map((holder) => federation.roster.nodes[holder]?.id ?? '');
    return pairKeyWith(pairKeys, ids.find((id) => id !== keys.id) ?? '').pieces;
  });
}

function pairKeyWith(pairKeys: ReadonlyMap<string, PairKeys>, id: string): PairKeys {
  const found = pairKeys.get(id);
  if (!found) throw new PartyRefusal('message_invalid');
  return found;
}

function report(deps: NodeDeps, { requestId, contributors, pieces }: SettleMessage): Uint8Array {
  const { federation, federated, keys } = deps;
  const { sharing, roster } = federation;
  const list = contributors.map((id) => indexOfNode(federation, id));
  const atDecision = roster.nodes.flatMap(({ runByDecision }, i) => (runByDecision ? [i] : []));
  assertContributors(sharing, list, atDecision);
  const context = scoringContext(federation, requestId);
  const sums = sumHeld(wordRing(federated), sharing, indexOfNode(federation, keys.id), {
    contributors: list,
    rows: context.rows,
    source: pieceSource(deps, requestId),
    received: new Map(pieces.map((piece) => receivePiece(deps, requestId, piece))),
  });
  return sealSigned(deps, requestId, 'sums', {
    contributors: base64urlText(hashContributors(context, list)),
    sums: sums.map(({ piece, words }) => ({ piece, word: base64urlText(bytesOfWords(words)) })),
  });
}

function receivePiece(
  { federation, keys, pairKeys }: NodeDeps,
  requestId: string,
  { party, box }: SettleMessage['pieces'][number],
): [number, BigUint64Array] {
  const context = contextHash(boxContext(federation, requestId, 'piece', party, keys.id));
  const bytes = federation.suite.decrypt(pairKeyWith(pairKeys, party).transport, context, box);
  if (!bytes) throw new PartyRefusal('message_invalid');
  return [indexOfNode(federation, party), wordsOfBytes(bytes, 1)];
}

/** To the decision service, signed: a box alone does not say who made it. */
function sealSigned(
  { federation, keys }: NodeDeps,
  requestId: string,
  step: 'statement' | 'sums',
  content: Json,
): Uint8Array {
  const { suite, roster } = federation;
  const to = roster.decision.id;
  const context = boxContext(federation, requestId, step, keys.id, to);
  const signature = suite.sign(keys.sign, signedBytes(contextHash(context), content));
  const { boxKey } = keysOfParty(federation, to);
  return sealJson(suite, boxKey, context, { content, signature: base64urlText(signature) });
}
