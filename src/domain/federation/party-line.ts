import { utf8ToBytes } from '@noble/hashes/utils.js';
import {
  asJson,
  bytesOf,
  fieldsOf,
  flagOf,
  integerOf,
  patterns,
  textOf,
  wordOf,
} from '../../core/federation/read.ts';
import {
  parseRoster,
  parseRosterParty,
  publicKeysOf,
  type Roster,
} from '../../core/federation/roster.ts';
import {
  derivedKey,
  loadSuite,
  type PartyKeys,
  type Suite,
  suiteNames,
} from '../../core/federation/suite.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { FederatedModel } from './model.ts';

const lineFormat = 'cinnabar-federation-party/1';

/** What a party tells the others before there is a roster. All of it is public. */
interface LineBody {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** Absent for the decision service. */
  readonly node?: NodeLine;
}

export interface NodeLine {
  /** The party of the model whose part it computes with, and that part's commitment and mean. */
  readonly part: string;
  readonly commitment: string;
  readonly meanScore: number;
  readonly provesIdentity: boolean;
  readonly runByDecision: boolean;
  /** `consortiumMark` of the key that all nodes must share. */
  readonly consortium: string;
}

export interface PartyLine extends LineBody {
  readonly format: typeof lineFormat;
  readonly suite: Suite['name'];
  readonly boxKey: string;
  readonly signKey: string;
  /** Signature of everything else, by `signKey`: nobody contributes a key that is not his own. */
  readonly proof: string;
}

/** Tells whether two nodes have one consortium key, and nothing else about it. */
export function consortiumMark(key: Uint8Array): string {
  return base64urlText(derivedKey(key, 'consortium mark'));
}

function proven(line: Omit<PartyLine, 'proof'>): Uint8Array {
  return utf8ToBytes(`${lineFormat}\n${canonicalJson(asJson(line))}`);
}

export function makeLine(suite: Suite, { box, sign }: PartyKeys, body: LineBody): PartyLine {
  const line = {
    format: lineFormat,
    suite: suite.name,
    boxKey: base64urlText(box.publicKey),
    signKey: base64urlText(sign.publicKey),
    ...body,
  } as const;
  return { ...line, proof: base64urlText(suite.sign(sign, proven(line))) };
}

/** @throws TypeError when a line is malformed, or was altered after its party signed it */
export async function readLine(value: unknown): Promise<PartyLine> {
  const all = ['format', 'suite', 'boxKey', 'signKey', 'id', 'name', 'node?', 'proof'];
  const fields = fieldsOf(value, all);
  wordOf(fields, 'format', [lineFormat]);
  textOf(fields, 'id', patterns.party);
  if (fields.node !== undefined) checkNode(fields.node);
  const suite = await loadSuite(wordOf(fields, 'suite', suiteNames));
  const signature = bytesOf(fields, 'proof', suite.signatureBytes);
  const { proof: _, ...line } = value as PartyLine;
  const { boxKey, signKey } = publicKeysOf(
    parseRosterParty(publicOf(value as PartyLine), suite.name),
  );
  const isProven =
    signKey.length === suite.publicKeyBytes && suite.verify(signKey, proven(line), signature);
  if (!isProven) throw new TypeError('the line is not signed by the key that it names');
  if (!canSealTo(suite, boxKey)) throw new TypeError('nothing can be sealed to the box key');
  return value as PartyLine;
}

/** Not for a point off the curve, or of small order. */
function canSealTo(suite: Suite, boxKey: Uint8Array): boolean {
  try {
    suite.seal(boxKey, new Uint8Array(1));
    return true;
  } catch {
    return false;
  }
}

function checkNode(value: unknown): void {
  const fields = fieldsOf(value, [
    'part',
    'commitment',
    'meanScore',
    'provesIdentity',
    'runByDecision',
    'consortium',
  ]);
  textOf(fields, 'part', /^[0-9A-Za-z_-]{1,32}$/);
  textOf(fields, 'commitment', patterns.hash);
  integerOf(fields, 'meanScore', Number.MAX_SAFE_INTEGER);
  flagOf(fields, 'provesIdentity');
  flagOf(fields, 'runByDecision');
  textOf(fields, 'consortium', /^[0-9A-Za-z_-]{43}$/);
}

/**
 * The roster that these lines make over this model: the same for everybody who joins the same
 * lines, in whatever order, so that parties compare its hash and nothing else.
 *
 * @throws TypeError when the lines do not make one: a part without its node or with two, of another
 *   training, nodes with different consortium keys, no or two decision services, a key twice
 */
export function rosterOf(
  name: string,
  model: Pick<FederatedModel, 'hash' | 'parties'>,
  lines: readonly PartyLine[],
): Roster {
  const [decision, ...others] = lines.filter(({ node }) => node === undefined);
  if (!decision || others.length > 0) {
    throw new TypeError('there is one decision service, so one line without a node');
  }
  const nodes = model.parties.map((part) => nodeOf(part, lines));
  if (nodes.length !== lines.length - 1) {
    throw new TypeError('a node names a part that the model does not have');
  }
  const isAlike = (of: (line: PartyLine) => unknown, some: readonly PartyLine[]) =>
    new Set(some.map(of)).size === 1;
  if (!isAlike(({ suite }) => suite, lines)) throw new TypeError('the lines are of two suites');
  const ofNodes = lines.filter(({ node }) => node !== undefined);
  if (!isAlike(({ node }) => node?.consortium, ofNodes)) {
    throw new TypeError('the nodes have different consortium keys');
  }
  return parseRoster({
    v: 1,
    name,
    suite: decision.suite,
    modelHash: model.hash,
    threshold: nodes.length - 1,
    nodes,
    decision: publicOf(decision),
  });
}

function publicOf({ id, name, boxKey, signKey }: PartyLine) {
  return { id, name, boxKey, signKey };
}

function nodeOf(
  { id, commitment, mandatory }: FederatedModel['parties'][number],
  lines: readonly PartyLine[],
) {
  const [line, ...others] = lines.filter(({ node }) => node?.part === id);
  if (!line?.node || others.length > 0) {
    throw new TypeError(`part ${id} of the model must have one node`);
  }
  if (line.node.commitment !== commitment) {
    throw new TypeError(`the node ${line.id} has part ${id} of another training`);
  }
  const { part, meanScore, provesIdentity, runByDecision } = line.node;
  return { ...publicOf(line), part, mandatory, provesIdentity, meanScore, runByDecision };
}
