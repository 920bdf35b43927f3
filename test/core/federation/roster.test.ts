import { describe, expect, test } from 'vitest';
import { parseRoster, publicKeysOf } from '../../../src/core/federation/roster.ts';
import { loadSuite, partyKeys } from '../../../src/core/federation/suite.ts';
import { federationRoster, federationSecretNames } from '../../../src/hosts/federation.mjs';

const secrets = Object.fromEntries(
  federationSecretNames.map((name, i) => [name, Buffer.alloc(32, i + 1).toString('base64url')]),
);
const local = () =>
  JSON.parse(Buffer.from(federationRoster(secrets), 'base64url').toString()) as Record<
    string,
    unknown
  >;

describe('the roster of a federation', () => {
  test('the local host derives the keys that the parties have', async () => {
    const roster = parseRoster(local());
    const suite = await loadSuite(roster.suite);
    for (const node of roster.nodes) {
      const secret = secrets[`NODE_KEY_${node.id.toUpperCase()}`] ?? '';
      const own = partyKeys(suite, node.id, Buffer.from(secret, 'base64url'));
      const { boxKey, signKey } = publicKeysOf(node);
      expect([...boxKey]).toEqual([...own.box.publicKey]);
      expect([...signKey]).toEqual([...own.sign.publicKey]);
    }
  });

  test('R1: a roster under which the protocol is not safe is refused', () => {
    const roster = local();
    const nodes = roster.nodes as Record<string, unknown>[];
    for (const wrong of [
      { ...roster, threshold: 1 },
      { ...roster, threshold: 3 },
      { ...roster, nodes: nodes.slice(1), threshold: 1 },
      { ...roster, nodes: [nodes[0], nodes[0], nodes[2]] },
      { ...roster, decision: { ...(roster.decision as object), signKey: nodes[0]?.signKey } },
      { ...roster, extra: true },
    ]) {
      expect(() => parseRoster(wrong)).toThrow(TypeError);
    }
  });
});
