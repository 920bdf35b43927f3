import { base64urlBytes } from '../../lib/base64url.ts';
import { jsonHash } from './envelope.ts';
import {
  asJson,
  countOf,
  type Fields,
  fieldsOf,
  flagOf,
  integerOf,
  listOf,
  patterns,
  textOf,
  wordOf,
} from './read.ts';
import { type PartyPublicKeys, type SuiteName, suiteNames } from './suite.ts';

/** Who takes part in a federation, with which keys. Every party is configured with the same one. */
export interface Roster {
  readonly v: 1;
  readonly name: string;
  readonly suite: SuiteName;
  /** SHA-256 of the model bundle that all parties compute with. */
  readonly modelHash: string;
  /** How many nodes must report: all but one, so that every piece belongs to a pair of nodes. */
  readonly threshold: number;
  readonly nodes: readonly RosterNode[];
  readonly decision: RosterParty;
}

export interface RosterParty {
  readonly id: string;
  readonly name: { readonly zh: string; readonly en: string };
  /** Base64url. */
  readonly boxKey: string;
  readonly signKey: string;
}

export interface RosterNode extends RosterParty {
  /** The party of the model whose part it computes with. */
  readonly part: string;
  /** Without its part a person must decide (rule R2). */
  readonly mandatory: boolean;
  /** Says whether a name and an identity number belong together. */
  readonly provesIdentity: boolean;
  /** Mean of its partial score in training, in multiples of 2^-20: stands in when it is lost. */
  readonly meanScore: number;
  /** Whoever runs the decision service runs this node too, so it does not count for rule R3. */
  readonly runByDecision: boolean;
}

export const nodesMin = 3;
export const nodesMax = 5;

/** What a consent names: the roster as a whole, so that nobody can be slipped in. */
export function rosterHash(roster: Roster): string {
  return jsonHash(asJson(roster));
}

/** @throws TypeError when it is not a roster under which the protocol is safe */
export function parseRoster(value: unknown): Roster {
  const fields = fieldsOf(value, [
    'v',
    'name',
    'suite',
    'modelHash',
    'threshold',
    'nodes',
    'decision',
  ]);
  const suite = wordOf(fields, 'suite', suiteNames);
  const roster: Roster = {
    v: 1,
    name: textOf(fields, 'name', patterns.party),
    suite,
    modelHash: textOf(fields, 'modelHash', patterns.hash),
    threshold: countOf(fields, 'threshold', nodesMax),
    nodes: listOf(fields.nodes, nodesMax, (node) => parseRosterNode(node, suite)),
    decision: parseRosterParty(fields.decision, suite),
  };
  if (fields.v !== 1) throw new TypeError('roster: unknown version');
  assertSafe(roster);
  return roster;
}

function assertSafe({ nodes, threshold, decision }: Roster): void {
  const n = nodes.length;
  if (n < nodesMin) throw new TypeError('roster: at least three nodes');
  if (threshold !== n - 1) throw new TypeError('roster: all nodes but one must report');
  const parties = [...nodes, decision];
  for (const key of ['id', 'boxKey', 'signKey'] as const) {
    if (new Set(parties.map((party) => party[key])).size !== parties.length) {
      throw new TypeError(`roster: two parties have one ${key}`);
    }
  }
}

/** A partial score is below 2^40 in size. */
const partialScoreMax = 2 ** 40 - 1;

const partyFields = ['id', 'name', 'boxKey', 'signKey'];

/** A node's line. @throws TypeError */
export function parseRosterNode(value: unknown, suite: SuiteName): RosterNode {
  const own = ['part', 'mandatory', 'provesIdentity', 'meanScore', 'runByDecision'];
  const fields = fieldsOf(value, [...partyFields, ...own]);
  return {
    ...parseParty(fields, suite),
    part: textOf(fields, 'part', /^[0-9A-Za-z_-]{1,32}$/),
    mandatory: flagOf(fields, 'mandatory'),
    provesIdentity: flagOf(fields, 'provesIdentity'),
    meanScore: integerOf(fields, 'meanScore', partialScoreMax),
    runByDecision: flagOf(fields, 'runByDecision'),
  };
}

/** The line of the decision service. @throws TypeError */
export function parseRosterParty(value: unknown, suite: SuiteName): RosterParty {
  return parseParty(fieldsOf(value, partyFields), suite);
}

function parseParty(fields: Fields, suite: SuiteName): RosterParty {
  const name = fieldsOf(fields.name, ['zh', 'en']);
  const key = suite === 'sm2' ? /^[0-9A-Za-z_-]{87}$/ : /^[0-9A-Za-z_-]{43}$/;
  return {
    id: textOf(fields, 'id', patterns.party),
    name: { zh: textOf(name, 'zh', /^.{1,40}$/u), en: textOf(name, 'en', /^.{1,60}$/u) },
    boxKey: textOf(fields, 'boxKey', key),
    signKey: textOf(fields, 'signKey', key),
  };
}

/** @throws TypeError when a key is not base64url */
export function publicKeysOf(party: RosterParty): PartyPublicKeys {
  const boxKey = base64urlBytes(party.boxKey);
  const signKey = base64urlBytes(party.signKey);
  if (!boxKey || !signKey) throw new TypeError('roster: a key is not base64url');
  return { id: party.id, boxKey, signKey };
}
