// What is measured of cinnabar/gm, in a form that Node, workerd and a browser can run. Peers that a
// host does not have are left out by handing in nothing for them.

import type * as SmCryptoV2 from 'sm-crypto-v2';
import type { Gm } from '../src/core/gm.ts';
import type { Contestant, Row } from './harness.ts';

/** A synchronous SM3 of hash-wasm, which is made asynchronously. */
export interface Hasher {
  init(): Hasher;
  update(data: Uint8Array): Hasher;
  digest(kind: 'binary'): Uint8Array;
}

/** Operations of a peer over the same key and data; each is left out where the peer has none. */
export interface Peer {
  readonly name: string;
  readonly sign?: (message: Uint8Array) => unknown;
  readonly verify?: (message: Uint8Array) => unknown;
  readonly verifyPrepared?: (message: Uint8Array) => unknown;
  readonly encrypt?: (message: Uint8Array) => unknown;
  readonly decrypt?: (ciphertext: Uint8Array) => unknown;
  readonly sm3?: (data: Uint8Array) => unknown;
  readonly sm4?: (mode: 'ctr' | 'cbc' | 'gcm', data: Uint8Array) => unknown;
}

export interface Material {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly plaintext: Uint8Array;
  /** Of `plaintext`, C1 C3 C2 without DER. */
  readonly ciphertext: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly megabyte: Uint8Array;
}

const toHex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Fixed keys and data: what is measured must not differ between runs. */
export function material(gm: Gm): Material {
  const bytes = (length: number, seed: number) => gm.kdf(Uint8Array.of(seed), length);
  const privateKey = bytes(32, 1);
  privateKey[0] = 0x3a;
  const publicKey = gm.sm2.publicKey(privateKey);
  const plaintext = bytes(32, 3);
  return {
    privateKey,
    publicKey,
    message: bytes(64, 2),
    plaintext,
    ciphertext: gm.sm2.encrypt(publicKey, plaintext, { format: 'raw' }),
    key: bytes(16, 4),
    iv: bytes(16, 5),
    megabyte: bytes(1 << 20, 6),
  };
}

/** sm-crypto-v2 works everywhere. Its signatures and texts are hex, so its calls are too. */
export function smCryptoV2Peer(library: typeof SmCryptoV2, data: Material): Peer {
  const { sm2, sm3, sm4 } = library;
  const privateKey = toHex(data.privateKey);
  const publicKey = toHex(data.publicKey);
  const prepared = sm2.precomputePublicKey(publicKey);
  const options = { hash: true, der: true, publicKey };
  const signature = sm2.doSignature(data.message, privateKey, options);
  // It wants the ciphertext without the leading 04.
  const ciphertext = toHex(data.ciphertext.subarray(1));
  const key = toHex(data.key);
  return {
    name: 'sm-crypto-v2',
    sign: (message) => sm2.doSignature(message, privateKey, options),
    verify: (message) => sm2.doVerifySignature(message, signature, publicKey, options),
    verifyPrepared: (message) => sm2.doVerifySignature(message, signature, prepared, options),
    encrypt: (plaintext) => sm2.doEncrypt(plaintext, publicKey),
    decrypt: () => sm2.doDecrypt(ciphertext, privateKey, 1, { output: 'array' }),
    sm3: (bytes) => sm3(bytes),
    sm4: (mode, bytes) => {
      if (mode === 'ctr') throw new Error('sm-crypto-v2 has no CTR');
      const iv = toHex(mode === 'gcm' ? data.iv.subarray(0, 12) : data.iv);
      return sm4.encrypt(bytes, key, { mode, iv, output: 'array' } as never);
    },
  };
}

/** Fails loudly if a peer does not do what it is measured for. */
function assertTrue(answer: unknown, what: string): void {
  if (answer !== true) throw new Error(`${what} does not verify`);
}

/** The figures beside the first one are units of it: one plain verification. */
function twoPartyRow(gm: Gm, { message }: Material): Row {
  const { twoParty, sm2 } = gm;
  const ctx = new TextEncoder().encode('benchmark');
  const first = twoParty.keygen.clientStart(ctx);
  const answer = twoParty.keygen.serverReply(ctx, first.commitment);
  const client = twoParty.keygen.clientFinish(first.state, answer.message);
  const server = twoParty.keygen.serverFinish(answer.state, client.opening);
  const e = sm2.digest(client.publicKey, message);
  const cloudStep = (request: Uint8Array) =>
    twoParty.sign.serverReply(server.share, e, ctx, request);
  const sign = () => {
    const begun = twoParty.sign.clientStart(client.share, e, ctx);
    return twoParty.sign.clientFinish(begun.state, cloudStep(begun.message));
  };
  const signature = sign();
  const begun = twoParty.sign.clientStart(client.share, e, ctx);
  return {
    id: 'two-party-sign',
    title: 'Two-party signature, in units of a plain verification',
    contestants: [
      {
        name: 'cinnabar, plain verification',
        run: () => sm2.verify(client.publicKey, message, signature),
      },
      { name: 'client and cloud', run: sign },
      { name: 'cloud alone', run: () => cloudStep(begun.message) },
    ],
  };
}

export function gmRows(gm: Gm, data: Material, peers: readonly Peer[]): Row[] {
  const { privateKey, publicKey, message, megabyte, key, iv } = data;
  const { sm2, sm4 } = gm;
  const opened = sm2.openPrivateKey(privateKey);
  const prepared = sm2.prepare(publicKey);
  const signature = sm2.sign(privateKey, message);
  const batch = Array.from({ length: 64 }, () => ({ publicKey, message, signature }));
  const blocks = Array.from({ length: 64 }, (_, i) => megabyte.subarray(i << 14, (i + 1) << 14));
  const leaves = Array.from({ length: 1024 }, (_, i) => megabyte.subarray(i << 6, (i + 1) << 6));

  assertTrue(sm2.verify(publicKey, message, signature), 'our own signature');
  const against = (make: (peer: Peer) => (() => unknown) | undefined): Contestant[] =>
    peers.flatMap((peer) => {
      const run = make(peer);
      return run ? [{ name: peer.name, run }] : [];
    });
  const peerRun =
    (name: 'sign' | 'verify' | 'verifyPrepared' | 'sm3', input: Uint8Array) => (peer: Peer) => {
      const call = peer[name];
      if (!call) return undefined;
      if (name.startsWith('verify')) assertTrue(call(input), `a signature by ${peer.name}`);
      return () => call(input);
    };
  const cipher = (mode: 'ctr' | 'cbc' | 'gcm'): Row => ({
    id: `sm4-${mode}`,
    title: `SM4-${mode.toUpperCase()}, 1 MiB`,
    bytes: megabyte.length,
    contestants: [
      {
        name: 'cinnabar',
        run: () =>
          sm4.encrypt({ mode, key, iv: mode === 'gcm' ? iv.subarray(0, 12) : iv }, megabyte),
      },
      ...against((peer) => {
        const call = peer.sm4;
        if (!call) return undefined;
        try {
          call(mode, data.plaintext);
        } catch {
          return undefined;
        }
        return () => call(mode, megabyte);
      }),
    ],
  });

  return [
    {
      id: 'sm2-sign',
      title: 'SM2 sign, 64 bytes, default id, DER',
      contestants: [
        { name: 'cinnabar', run: () => sm2.sign(privateKey, message) },
        { name: 'cinnabar, key opened', run: () => sm2.sign(opened, message) },
        ...against(peerRun('sign', message)),
      ],
    },
    {
      id: 'sm2-verify',
      title: 'SM2 verify, 64 bytes, default id, DER',
      contestants: [
        { name: 'cinnabar', run: () => sm2.verify(publicKey, message, signature) },
        ...against(peerRun('verify', message)),
      ],
    },
    {
      id: 'sm2-verify-prepared',
      title: 'SM2 verify with a prepared public key',
      contestants: [
        { name: 'cinnabar', run: () => sm2.verify(prepared, message, signature) },
        ...against((peer) =>
          peer.verifyPrepared
            ? peerRun('verifyPrepared', message)(peer)
            : peerRun('verify', message)(peer),
        ),
      ],
    },
    {
      id: 'sm2-verify-many',
      title: 'SM2 verify, batch of 64 by one key, each',
      perRun: 64,
      contestants: [
        { name: 'cinnabar', run: () => sm2.verifyMany(batch) },
        {
          name: 'cinnabar, one by one',
          run: () => {
            for (const item of batch) sm2.verify(item.publicKey, item.message, item.signature);
          },
        },
      ],
    },
    {
      id: 'sm2-encrypt',
      title: 'SM2 encrypt, 32 bytes',
      contestants: [
        { name: 'cinnabar', run: () => sm2.encrypt(publicKey, data.plaintext) },
        ...against((peer) => peer.encrypt && (() => peer.encrypt?.(data.plaintext))),
      ],
    },
    {
      id: 'sm2-decrypt',
      title: 'SM2 decrypt, 32 bytes',
      contestants: [
        {
          name: 'cinnabar',
          run: () => sm2.decrypt(privateKey, data.ciphertext, { format: 'raw' }),
        },
        ...against((peer) => peer.decrypt && (() => peer.decrypt?.(data.ciphertext))),
      ],
    },
    {
      id: 'sm2-key-pair',
      title: 'SM2 key pair',
      contestants: [{ name: 'cinnabar', run: () => sm2.generateKeyPair() }],
    },
    twoPartyRow(gm, data),
    {
      id: 'sm3-long',
      title: 'SM3, one stream, 1 MiB',
      bytes: megabyte.length,
      contestants: [
        { name: 'cinnabar', run: () => gm.sm3(megabyte) },
        ...against(peerRun('sm3', megabyte)),
      ],
    },
    {
      id: 'sm3-short',
      title: 'SM3, 64 bytes a call',
      bytes: 64,
      contestants: [
        { name: 'cinnabar', run: () => gm.sm3(message) },
        ...against(peerRun('sm3', message)),
      ],
    },
    {
      id: 'sm3-four',
      title: 'SM3, 64 messages of 16 KiB: four streams against one',
      bytes: megabyte.length,
      contestants: [
        { name: 'cinnabar', run: () => gm.sm3Many(blocks) },
        {
          name: 'cinnabar, one stream',
          run: () => {
            for (const block of blocks) gm.sm3(block);
          },
        },
      ],
    },
    {
      id: 'sm3-leaves',
      title: 'SM3, 1024 messages of 64 bytes: a batch against single calls',
      bytes: 64 * leaves.length,
      contestants: [
        { name: 'cinnabar', run: () => gm.sm3Many(leaves) },
        {
          name: 'cinnabar, one by one',
          run: () => {
            for (const leaf of leaves) gm.sm3(leaf);
          },
        },
      ],
    },
    cipher('ctr'),
    cipher('cbc'),
    cipher('gcm'),
  ];
}
