// The roster of a local federation: who takes part, with which public keys. In earnest every party
// contributes its own lines, and all put the same text into their configuration
// (docs/operations.md); here one host knows all secrets, so it writes the roster by itself.
import { createHash, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

const sample = new URL('../workers/sample/', import.meta.url);

const nodes = [
  {
    id: 'bank',
    part: 'A',
    name: { zh: '银行核心', en: 'Bank core' },
    mandatory: false,
    provesIdentity: true,
  },
  {
    id: 'operator',
    part: 'B',
    name: { zh: '运营商', en: 'Operator' },
    mandatory: true,
    provesIdentity: false,
  },
  {
    id: 'registry',
    part: 'C',
    name: { zh: '登记机构', en: 'Registry' },
    mandatory: false,
    provesIdentity: true,
  },
];

/** Names of the secrets of 32 bytes that a local federation needs. */
export const federationSecretNames = [
  ...nodes.map(({ id }) => keyName(id)),
  'FEDERATION_DECISION_KEY',
  'FEDERATION_CONSORTIUM_KEY',
  'FEDERATION_OPERATOR_TOKEN',
];

/** @param {Readonly<Record<string, string>>} secrets base64url, by the names above */
export function federationRoster(secrets) {
  const { hash } = JSON.parse(readFileSync(new URL('model.json', sample), 'utf8'));
  const roster = {
    v: 1,
    name: 'local',
    suite: 'x25519',
    modelHash: hash,
    threshold: nodes.length - 1,
    nodes: nodes.map((node) => ({
      ...node,
      meanScore: JSON.parse(readFileSync(new URL(`model.part-${node.part}.json`, sample), 'utf8'))
        .mean,
      runByDecision: false,
      ...publicKeys(secrets[keyName(node.id)]),
    })),
    decision: {
      id: 'decision',
      name: { zh: '判定服务', en: 'Decision service' },
      ...publicKeys(secrets.FEDERATION_DECISION_KEY),
    },
  };
  return Buffer.from(JSON.stringify(roster)).toString('base64url');
}

function keyName(id) {
  return `NODE_KEY_${id.toUpperCase()}`;
}

/** As `partyKeys` of src/core/federation/suite.ts derives them; a test compares the two. */
function publicKeys(secret) {
  const derived = (purpose) =>
    Buffer.from(
      hkdfSync(
        'sha256',
        Buffer.from(secret, 'base64url'),
        '',
        `cinnabar federation ${purpose}`,
        32,
      ),
    );
  // libsodium's crypto_box_seed_keypair takes the first half of SHA-512 of the seed.
  const boxKey = createHash('sha512').update(derived('box')).digest().subarray(0, 32);
  return {
    boxKey: publicKey('302e020100300506032b656e04220420', boxKey),
    signKey: publicKey('302e020100300506032b657004220420', derived('sign')),
  };
}

/** RFC 8410 §7: the algorithm's fixed beginning of PKCS #8, then the private key. */
function publicKey(prefixHex, privateKey) {
  const der = Buffer.concat([Buffer.from(prefixHex, 'hex'), privateKey]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return createPublicKey(key).export({ format: 'jwk' }).x;
}
