import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { contextHash, openJson } from './envelope.ts';
import { bytesOf, fieldsOf } from './read.ts';
import { publicKeysOf, type Roster, rosterHash } from './roster.ts';
import type { KeyPair, Suite } from './suite.ts';

/** The applicant's name in contexts of boxes; no party may have it. */
export const applicant = 'applicant';

/** What a party signs inside a box: the hash of the box's context, then canonical JSON (RFC 8785). */
export function signedBytes(context: Uint8Array, content: Json): Uint8Array {
  return concatBytes(context, utf8ToBytes(canonicalJson(content)));
}

/** What the decision service puts its name to; whoever has the roster can verify it. */
export function statementBytes(statement: Json): Uint8Array {
  return utf8ToBytes(`cinnabar settings statement 1\n${canonicalJson(statement)}`);
}

/** Whether a settings statement is the one that the decision service of the roster signed. */
export function isDecisionStatement(
  suite: Suite,
  roster: Roster,
  statement: Json,
  signature: Uint8Array,
): boolean {
  const { signKey } = publicKeysOf(roster.decision);
  return suite.verify(signKey, statementBytes(statement), signature);
}

export interface OpenedDecision {
  readonly statement: Json;
  readonly signature: Uint8Array;
  readonly explanation: Json;
}

/**
 * Opens the answer to an application (A5) and checks who signed it.
 *
 * @returns `undefined` when the box, its request or its signature is not what it should be
 */
export function openDecision(
  suite: Suite,
  roster: Roster,
  replyKeys: KeyPair,
  requestId: string,
  box: Uint8Array,
): OpenedDecision | undefined {
  const context = {
    requestId,
    rosterHash: rosterHash(roster),
    step: 'decision',
    from: roster.decision.id,
    to: applicant,
  } as const;
  const content = openJson(suite, replyKeys, context, box);
  if (content === undefined) return undefined;
  const fields = fieldsOf(content, ['statement', 'signature', 'explanation']);
  const signature = bytesOf(fields, 'signature', suite.signatureBytes);
  // What was parsed from JSON is JSON.
  const { statement, explanation } = fields as Readonly<Record<string, Json>>;
  if (statement === undefined || explanation === undefined) return undefined;
  if (!isDecisionStatement(suite, roster, statement, signature)) return undefined;
  return { statement, signature, explanation };
}

/** Opens a node's reasons, codes that only the applicant reads; `undefined` when it is not its box. */
export function openReasons(
  suite: Suite,
  roster: Roster,
  replyKeys: KeyPair,
  requestId: string,
  node: string,
  box: Uint8Array,
): readonly string[] | undefined {
  const hash = rosterHash(roster);
  const context = {
    requestId,
    rosterHash: hash,
    step: 'reasons',
    from: node,
    to: applicant,
  } as const;
  const content = openJson(suite, replyKeys, context, box);
  if (content === undefined) return undefined;
  const { reasons } = fieldsOf(content, ['reasons']);
  const isCodes = Array.isArray(reasons) && reasons.every((code) => typeof code === 'string');
  return isCodes ? reasons : undefined;
}

/** The signature of a box's content, checked against its signer. */
export function openSigned(
  suite: Suite,
  keys: KeyPair,
  signKey: Uint8Array,
  context: Parameters<typeof contextHash>[0],
  box: Uint8Array,
): unknown {
  const outer = openJson(suite, keys, context, box);
  if (outer === undefined) return undefined;
  const fields = fieldsOf(outer, ['content', 'signature']);
  const signature = bytesOf(fields, 'signature', suite.signatureBytes);
  const bytes = signedBytes(contextHash(context), fields.content as Json);
  return suite.verify(signKey, bytes, signature) ? fields.content : undefined;
}
