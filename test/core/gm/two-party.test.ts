import { execFileSync } from 'node:child_process';
import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as smCryptoV2 from 'sm-crypto-v2';
import { afterAll, describe, expect, test } from 'vitest';
import { type GmError, loadGm } from '../../../src/core/gm.ts';
import { compileEntry } from '../../helpers/assembly.ts';
import { publicKeyPem } from '../../helpers/sm2-pem.ts';
import {
  addPoints,
  bytesOf,
  decode,
  drawer,
  encode,
  G,
  invert,
  mod,
  n,
  negate,
  numberOf,
  type Point,
} from '../../helpers/sm2-reference.ts';

const { sm2, sm3, twoParty, kdf } = await loadGm();
const wasm = await compileEntry('assembly/gm/inspect.ts');
const io = wasm.io?.() ?? 0;
const memory = new Uint8Array(wasm.memory.buffer);
const draw = drawer(256);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const utf8 = (text: string) => new TextEncoder().encode(text);
const ctx = utf8('session 7 | key 1 | tenant 2 | request 3');

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as GmError).code;
  }
  return 'none';
}

/** k P through the kernel, which other tests compare with the reference: attacks need thousands. */
function multiply(k: bigint, point: Point): Point {
  if (!point || mod(k, n) === 0n) return undefined;
  memory.set(bytesOf(mod(k, n)), io);
  memory.set(encode(point).subarray(1), io + 64);
  const status =
    point === G ? wasm.sm2Multiple?.(io, io + 128) : wasm.multiplyPoint?.(io, io + 64, io + 128);
  if (status !== 0) throw new Error('the kernel refused');
  return decode(Uint8Array.from([4, ...memory.slice(io + 128, io + 192)]));
}

const xOf = (point: Point) => point?.x ?? 0n;
const compressed = (point: Point) => sm2.compressPoint(encode(point));
const lift = (bytes: Uint8Array) => decode(sm2.decodePoint(bytes));

function makeKey(context = ctx) {
  const first = twoParty.keygen.clientStart(context);
  const second = twoParty.keygen.serverReply(context, first.commitment);
  const { opening, ...client } = twoParty.keygen.clientFinish(first.state, second.message);
  const server = twoParty.keygen.serverFinish(second.state, opening);
  return {
    client: client.share,
    server: server.share,
    publicKey: client.publicKey,
    serverPublicKey: server.publicKey,
  };
}

function signJointly(key: { client: Uint8Array; server: Uint8Array }, e: Uint8Array) {
  const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
  const reply = twoParty.sign.serverReply(key.server, e, ctx, message);
  return twoParty.sign.clientFinish(state, reply);
}

/** Some true randomness is drawn ahead, which a test with a bad generator must not still meet. */
function useUpDrawnAhead() {
  for (let i = 0; i < 40; i++) signJointly(key, e);
}

const secretOf = (share: Uint8Array) => numberOf(share.subarray(6, 38));
const otherPublicOf = (share: Uint8Array) =>
  decode(Uint8Array.from([4, ...share.subarray(102, 166)]));

const key = makeKey();
const text = utf8('授权记录：用机构密钥签署');
const e = sm2.digest(key.publicKey, text);
describe('C2 key generation', () => {
  test('both sides get one public key, that of the product of their secrets', () => {
    expect(key.serverPublicKey).toEqual(key.publicKey);
    const d = mod(invert(secretOf(key.client) * secretOf(key.server), n) - 1n, n);
    expect(sm2.publicKey(bytesOf(d))).toEqual(key.publicKey);
    const [client, server] = [twoParty.inspect(key.client), twoParty.inspect(key.server)];
    expect(client).toMatchObject({ role: 'client', epoch: 0, publicKey: key.publicKey });
    expect(server).toMatchObject({ role: 'server', epoch: 0, publicKey: key.publicKey });
    // Each side knows the public points of both: what the other calls its own.
    expect([client.own, client.other]).toEqual([server.other, server.own]);
  });

  test('refuses every changed byte of every message, and changes nothing then', () => {
    for (let at = 0; at < 98; at++) {
      const first = twoParty.keygen.clientStart(ctx);
      const second = twoParty.keygen.serverReply(ctx, first.commitment);
      const changed = second.message.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(
        codeOf(() => twoParty.keygen.clientFinish(first.state, changed)),
        `byte ${at}`,
      ).toBe('protocol_failed');
      expect(codeOf(() => twoParty.keygen.clientFinish(first.state, second.message))).toBe(
        'state_used',
      );
    }
    for (let at = 0; at < 98; at += 7) {
      const first = twoParty.keygen.clientStart(ctx);
      const second = twoParty.keygen.serverReply(ctx, first.commitment);
      const { opening } = twoParty.keygen.clientFinish(first.state, second.message);
      opening[at] = (opening[at] ?? 0) ^ 1;
      expect(codeOf(() => twoParty.keygen.serverFinish(second.state, opening))).toBe(
        'protocol_failed',
      );
    }
  });

  test('binds both sides to commitment, context and role', () => {
    const first = twoParty.keygen.clientStart(ctx);
    const elsewhere = twoParty.keygen.serverReply(utf8('another'), first.commitment);
    expect(codeOf(() => twoParty.keygen.clientFinish(first.state, elsewhere.message))).toBe(
      'protocol_failed',
    );
    const again = twoParty.keygen.clientStart(ctx);
    const swapped = twoParty.keygen.serverReply(ctx, bytesOf(1n));
    expect(codeOf(() => twoParty.keygen.clientFinish(again.state, swapped.message))).toBe(
      'protocol_failed',
    );
    // The client's own proof sent back to it is no proof of the server.
    const third = twoParty.keygen.clientStart(ctx);
    const fourth = twoParty.keygen.clientStart(ctx);
    const honest = twoParty.keygen.serverReply(ctx, third.commitment);
    const { opening } = twoParty.keygen.clientFinish(third.state, honest.message);
    expect(codeOf(() => twoParty.keygen.clientFinish(fourth.state, opening))).toBe(
      'protocol_failed',
    );
    expect(codeOf(() => twoParty.keygen.serverFinish(honest.state, honest.message))).toBe(
      'protocol_failed',
    );
  });

  test('a server that names a public share without knowing its secret is refused', () => {
    // Rogue key: P2 chosen so that the joint key would be one the server knows alone.
    const first = twoParty.keygen.clientStart(ctx);
    const second = twoParty.keygen.serverReply(ctx, first.commitment);
    const rogue = second.message.slice();
    rogue.set(compressed(multiply(draw(n), G)));
    expect(codeOf(() => twoParty.keygen.clientFinish(first.state, rogue))).toBe('protocol_failed');
  });
});

describe('C3 signatures', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cinnabar-two-party-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('are ordinary: we, OpenSSL and sm-crypto-v2 verify them; sizes are 163 and 65', () => {
    for (let i = 0; i < 20; i++) {
      const message = utf8(`text ${i}`);
      const signature = signJointly(key, sm2.digest(key.publicKey, message, { id: '' }));
      expect(sm2.verify(key.publicKey, message, signature, { id: '' })).toBe(true);
      expect(
        nodeVerify('sm3', message, createPublicKey(publicKeyPem(key.publicKey)), signature),
      ).toBe(true);
    }
    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    expect(message.length).toBe(163);
    const reply = twoParty.sign.serverReply(key.server, e, ctx, message);
    expect(reply.length).toBe(65);
    const raw = twoParty.sign.clientFinish(state, reply, { format: 'raw' });
    expect(sm2.verifyDigest(key.publicKey, e, raw, { format: 'raw' })).toBe(true);

    writeFileSync(join(folder, 'pub.pem'), publicKeyPem(key.publicKey));
    writeFileSync(join(folder, 'text'), text);
    const joint = signJointly(key, e);
    const options = { hash: true, der: true };
    expect(smCryptoV2.sm2.doVerifySignature(text, hex(joint), hex(key.publicKey), options)).toBe(
      true,
    );
    writeFileSync(join(folder, 'signature'), joint);
    const parameters = [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      join(folder, 'pub.pem'),
      '-rawin',
      '-digest',
      'sm3',
    ];
    parameters.push(
      '-pkeyopt',
      'distid:1234567812345678',
      '-in',
      join(folder, 'text'),
      '-sigfile',
      join(folder, 'signature'),
    );
    expect(execFileSync('openssl', parameters).toString()).toContain('Successfully');
  });

  test('of more keys than one client has tables for all come out', () => {
    const keys = Array.from({ length: 6 }, () => makeKey());
    for (let round = 0; round < 3; round++) {
      for (const other of keys) {
        expect(sm2.verifyDigest(other.publicKey, e, signJointly(other, e))).toBe(true);
        expect(sm2.verifyDigest(other.publicKey, e, signJointly(other, e))).toBe(true);
      }
    }
  });

  test('fail on every changed byte of the first message and of the reply', () => {
    const { message } = twoParty.sign.clientStart(key.client, e, ctx);
    for (let at = 0; at < message.length; at++) {
      const changed = message.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(
        codeOf(() => twoParty.sign.serverReply(key.server, e, ctx, changed)),
        `byte ${at}`,
      ).toBe('protocol_failed');
    }
    for (let at = 0; at < 65; at++) {
      const { state, message: sent } = twoParty.sign.clientStart(key.client, e, ctx);
      const reply = twoParty.sign.serverReply(key.server, e, ctx, sent);
      reply[at] = (reply[at] ?? 0) ^ (1 << (at % 8));
      expect(
        codeOf(() => twoParty.sign.clientFinish(state, reply)),
        `byte ${at}`,
      ).toBe('protocol_failed');
    }
    for (const length of [0, 162, 164]) {
      const wrong = new Uint8Array(length);
      expect(codeOf(() => twoParty.sign.serverReply(key.server, e, ctx, wrong))).toBe(
        'protocol_failed',
      );
    }
  });

  test('are bound to context, digest, key and session', () => {
    const other = makeKey();
    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const strange = sm2.digest(key.publicKey, utf8('another text'));
    expect(codeOf(() => twoParty.sign.serverReply(key.server, strange, ctx, message))).toBe(
      'protocol_failed',
    );
    expect(codeOf(() => twoParty.sign.serverReply(key.server, e, utf8('x'), message))).toBe(
      'protocol_failed',
    );
    expect(codeOf(() => twoParty.sign.serverReply(other.server, e, ctx, message))).toBe(
      'protocol_failed',
    );
    const second = twoParty.sign.clientStart(key.client, e, ctx);
    const replyToSecond = twoParty.sign.serverReply(key.server, e, ctx, second.message);
    expect(codeOf(() => twoParty.sign.clientFinish(state, replyToSecond))).toBe('protocol_failed');
    expect(codeOf(() => twoParty.sign.clientFinish(state, replyToSecond))).toBe('state_used');
    expect(codeOf(() => twoParty.sign.clientFinish(second.state, replyToSecond))).toBe('none');
  });

  test('take a state once, of their own step, and not after it was discarded', () => {
    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const reply = twoParty.sign.serverReply(key.server, e, ctx, message);
    const keygen = twoParty.keygen.clientStart(ctx);
    expect(codeOf(() => twoParty.sign.clientFinish(keygen.state, reply))).toBe('state_used');
    expect(codeOf(() => twoParty.sign.clientFinish({} as typeof state, reply))).toBe('state_used');
    state.discard();
    expect(codeOf(() => twoParty.sign.clientFinish(state, reply))).toBe('state_used');
  });

  test('refuse shares of the other role, of another length, and out of range', () => {
    const zero = key.client.slice();
    zero.fill(0, 6, 38);
    for (const share of [key.server, key.client.subarray(1), new Uint8Array(230), zero]) {
      expect(codeOf(() => twoParty.sign.clientStart(share, e, ctx))).toBe('key_invalid');
    }
    expect(codeOf(() => twoParty.sign.clientStart(key.client, e, new Uint8Array(4097)))).toBe(
      'argument_invalid',
    );
    expect(codeOf(() => twoParty.sign.clientStart(key.client, e, new Uint8Array(4096)))).toBe(
      'none',
    );
    expect(codeOf(() => twoParty.sign.clientStart(key.client, e, new Uint8Array(0)))).toBe('none');
  });
});

describe('decryption', () => {
  test('opens ordinary ciphertexts of every format and length', () => {
    for (const format of ['der', 'raw', 'raw-c1c2c3'] as const) {
      for (const length of [1, 32, 100, 70_000]) {
        const plaintext = Uint8Array.from({ length }, (_, i) => i);
        const ciphertext = sm2.encrypt(key.publicKey, plaintext, { format });
        const { state, message } = twoParty.decrypt.clientStart(key.client, ciphertext, ctx, {
          format,
        });
        const reply = twoParty.decrypt.serverReply(key.server, ctx, message);
        expect(hex(twoParty.decrypt.clientFinish(state, reply)) === hex(plaintext)).toBe(true);
      }
    }
  });

  test('proves the reply: no changed byte of it and no other context passes', () => {
    const ciphertext = sm2.encrypt(key.publicKey, text);
    for (let at = 0; at < 97; at++) {
      const { state, message } = twoParty.decrypt.clientStart(key.client, ciphertext, ctx);
      const reply = twoParty.decrypt.serverReply(key.server, ctx, message);
      reply[at] = (reply[at] ?? 0) ^ (1 << (at % 8));
      expect(
        codeOf(() => twoParty.decrypt.clientFinish(state, reply)),
        `byte ${at}`,
      ).toBe('protocol_failed');
    }
    const { state, message } = twoParty.decrypt.clientStart(key.client, ciphertext, ctx);
    const reply = twoParty.decrypt.serverReply(key.server, utf8('x'), message);
    expect(codeOf(() => twoParty.decrypt.clientFinish(state, reply))).toBe('protocol_failed');
    const off = message.slice();
    off[0] = 5;
    expect(codeOf(() => twoParty.decrypt.serverReply(key.server, ctx, off))).toBe(
      'protocol_failed',
    );
  });

  test('of a changed ciphertext fails like any other', () => {
    const ciphertext = sm2.encrypt(key.publicKey, text);
    ciphertext[ciphertext.length - 1] = (ciphertext[ciphertext.length - 1] ?? 0) ^ 1;
    const { state, message } = twoParty.decrypt.clientStart(key.client, ciphertext, ctx);
    const reply = twoParty.decrypt.serverReply(key.server, ctx, message);
    expect(codeOf(() => twoParty.decrypt.clientFinish(state, reply))).toBe('decryption_failed');
    expect(codeOf(() => twoParty.decrypt.clientStart(key.client, new Uint8Array(10), ctx))).toBe(
      'decryption_failed',
    );
  });
});

describe('C9 refresh', () => {
  function refreshOnce(shares: { client: Uint8Array; server: Uint8Array }) {
    const first = twoParty.refresh.clientStart(shares.client, ctx);
    const second = twoParty.refresh.serverReply(shares.server, ctx, first.commitment);
    const client = twoParty.refresh.clientFinish(first.state, second.message);
    const server = twoParty.refresh.serverFinish(second.state, client.opening);
    return { client: client.share, server: server.share };
  }

  test('keeps the public key, replaces both shares, and mixes with no older share', () => {
    let shares = { client: key.client, server: key.server };
    for (let epoch = 1; epoch <= 3; epoch++) {
      const old = shares;
      shares = refreshOnce(shares);
      const [client, server] = [twoParty.inspect(shares.client), twoParty.inspect(shares.server)];
      expect(client).toMatchObject({ role: 'client', epoch, publicKey: key.publicKey });
      expect(server).toMatchObject({ role: 'server', epoch, publicKey: key.publicKey });
      expect([client.own, client.other]).toEqual([server.other, server.own]);
      expect(sm2.verifyDigest(key.publicKey, e, signJointly(shares, e))).toBe(true);
      expect(codeOf(() => signJointly({ client: old.client, server: shares.server }, e))).toBe(
        'protocol_failed',
      );
      expect(codeOf(() => signJointly({ client: shares.client, server: old.server }, e))).toBe(
        'protocol_failed',
      );
      const product = mod(secretOf(shares.client) * secretOf(shares.server), n);
      expect(product).toBe(mod(secretOf(key.client) * secretOf(key.server), n));
      expect(mod(secretOf(old.client) * secretOf(shares.server), n)).not.toBe(product);
      expect(secretOf(shares.client)).not.toBe(secretOf(old.client));
    }
    const ciphertext = sm2.encrypt(key.publicKey, text);
    const { state, message } = twoParty.decrypt.clientStart(shares.client, ciphertext, ctx);
    const reply = twoParty.decrypt.serverReply(shares.server, ctx, message);
    expect(twoParty.decrypt.clientFinish(state, reply)).toEqual(text);
  });

  test('refuses coins out of range, openings that were not committed to, and second use', () => {
    for (const bad of [bytesOf(0n), bytesOf(n), new Uint8Array(31)]) {
      const first = twoParty.refresh.clientStart(key.client, ctx);
      expect(codeOf(() => twoParty.refresh.clientFinish(first.state, bad))).toBe('protocol_failed');
      expect(codeOf(() => twoParty.refresh.clientFinish(first.state, bytesOf(2n)))).toBe(
        'state_used',
      );
    }
    for (let at = 0; at < 64; at += 9) {
      const first = twoParty.refresh.clientStart(key.client, ctx);
      const second = twoParty.refresh.serverReply(key.server, ctx, first.commitment);
      const { opening } = twoParty.refresh.clientFinish(first.state, second.message);
      opening[at] = (opening[at] ?? 0) ^ 1;
      expect(codeOf(() => twoParty.refresh.serverFinish(second.state, opening))).toBe(
        'protocol_failed',
      );
    }
  });

  test('disturbed on the way gives shares that cannot sign, and leaves the old ones usable', () => {
    const first = twoParty.refresh.clientStart(key.client, ctx);
    const second = twoParty.refresh.serverReply(key.server, ctx, first.commitment);
    const disturbed = second.message.slice();
    disturbed[31] = (disturbed[31] ?? 0) ^ 1;
    const { share: client, opening } = twoParty.refresh.clientFinish(first.state, disturbed);
    const { share: server } = twoParty.refresh.serverFinish(second.state, opening);
    expect(codeOf(() => signJointly({ client, server }, e))).toBe('protocol_failed');
    expect(sm2.verifyDigest(key.publicKey, e, signJointly(key, e))).toBe(true);
  });
});

// The plain scheme that circulates for two-party SM2: the client sends Q = k G, the server answers
// r and s1 = a2 (r + k2) with R = k2 G + a2^-1 Q, the client makes s = a1 (s1 + k) - r. Without
// proofs, binding and check it falls to each attack below, and so it stands here only.
describe('attacks that break the plain scheme and not ours', () => {
  const a1 = draw(n);
  const a2 = draw(n);
  const a2Inverse = invert(a2, n);
  const d = mod(invert(a1 * a2, n) - 1n, n);
  const P = multiply(d, G);
  const publicKey = encode(P);
  const digestOf = (message: string) => numberOf(sm2.digest(publicKey, utf8(message)));
  const finish = (s1: bigint, k: bigint, r: bigint) => mod(a1 * (s1 + k) - r, n);
  const isValid = (message: string, r: bigint, s: bigint) =>
    sm2.verify(
      publicKey,
      utf8(message),
      Uint8Array.from([...bytesOf(mod(r, n)), ...bytesOf(mod(s, n))]),
      { format: 'raw' },
    );

  /** The plain server, with the nonce of its choice. */
  function plainReply(Q: Point, digest: bigint, k2 = draw(n)) {
    const R = addPoints(multiply(k2, G), multiply(a2Inverse, Q));
    const r = mod(digest + xOf(R), n);
    return { r, s1: mod(a2 * (r + k2), n) };
  }

  // Ours as a malicious server plays it, from the description of the protocol.
  const part = (bytes: Uint8Array) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    return [...length, ...bytes];
  };
  function hash(use: number, parts: readonly Uint8Array[]): bigint {
    const all = [utf8('cinnabar/sm2-2p/1'), Uint8Array.of(use), ctx, ...parts].flatMap(part);
    const halves = [0, 1].map((last) => sm3(Uint8Array.from([...all, last])));
    return mod(numberOf(Uint8Array.from(halves.flatMap((half) => [...half]))), n);
  }
  const binding = (message: Uint8Array, W: Point, share = key.server) =>
    hash(5, [
      share.slice(166),
      share.slice(2, 6),
      message.slice(131),
      message.slice(0, 66),
      compressed(W),
    ]);

  function maliciousReply(message: Uint8Array, digest: bigint, w: bigint, share = key.server) {
    const W = multiply(w, G);
    const secret = secretOf(share);
    const [D, E] = [lift(message.slice(0, 33)), lift(message.slice(33, 66))];
    const Q = addPoints(D, multiply(binding(message, W, share), E));
    const R = addPoints(W, multiply(invert(secret, n), Q));
    const r = mod(digest + xOf(R), n);
    const s1 = mod(secret * (r + w), n);
    return { Q, r, s1, reply: Uint8Array.from([...compressed(W), ...bytesOf(s1)]) };
  }

  test('the malicious server of these tests speaks the protocol', () => {
    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const { reply } = maliciousReply(message, numberOf(e), draw(n));
    expect(sm2.verifyDigest(key.publicKey, e, twoParty.sign.clientFinish(state, reply))).toBe(true);
  });

  test('A: one client nonce answered twice gives the client share', () => {
    const k = draw(n);
    const Q = multiply(k, G);
    const [x, y] = [plainReply(Q, digestOf('m')), plainReply(Q, digestOf('m'))];
    const [sx, sy] = [finish(x.s1, k, x.r), finish(y.s1, k, y.r)];
    expect(mod((sx + x.r - sy - y.r) * invert(x.s1 - y.s1, n), n)).toBe(a1);

    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const replies = [1, 2].map(() => twoParty.sign.serverReply(key.server, e, ctx, message));
    expect(codeOf(() => twoParty.sign.clientFinish(state, replies[0] ?? message))).toBe('none');
    expect(codeOf(() => twoParty.sign.clientFinish(state, replies[1] ?? message))).toBe(
      'state_used',
    );
    // Nor are nonces a function of key, digest and context, even with a generator that repeats.
    const genuine = crypto.getRandomValues;
    try {
      crypto.getRandomValues = ((array: Uint8Array) => array.fill(1)) as typeof genuine;
      useUpDrawnAhead();
      const sent = [1, 2, 3].map(() =>
        hex(twoParty.sign.clientStart(key.client, e, ctx).message.subarray(0, 99)),
      );
      expect(new Set(sent).size).toBe(3);
    } finally {
      crypto.getRandomValues = genuine;
    }
  });

  test('B: a reply of zero makes a valid signature that gives the client share', () => {
    // The variant with s2 = a2 k2, s3 = a2 (k3 + r) and s = a1 k1 s2 + a1 s3 - r, with k2 = 0.
    const [k1, k3] = [draw(n), draw(n)];
    const r = mod(digestOf('m') + xOf(multiply(k3, G)), n);
    const [s2, s3] = [0n, mod(a2 * (k3 + r), n)];
    const s = mod(a1 * k1 * s2 + a1 * s3 - r, n);
    expect(isValid('m', r, s)).toBe(true);
    expect(mod((s + r) * invert(s3, n), n)).toBe(a1);

    for (const s1 of [0n, n]) {
      const { state } = twoParty.sign.clientStart(key.client, e, ctx);
      const reply = Uint8Array.from([...compressed(G), ...bytesOf(s1)]);
      expect(codeOf(() => twoParty.sign.clientFinish(state, reply))).toBe('protocol_failed');
    }
    // s1 = 0 would be consistent only with W = -r G, which the client refuses by the range alone.
    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const w = draw(n);
    const { r: known } = maliciousReply(message, numberOf(e), w);
    const opposite = Uint8Array.from([...compressed(negate(multiply(known, G))), ...bytesOf(0n)]);
    expect(codeOf(() => twoParty.sign.clientFinish(state, opposite))).toBe('protocol_failed');
  });

  test('C: a signing session decrypts', () => {
    const secret = utf8('only for those who may decrypt');
    const ciphertext = sm2.encrypt(publicKey, secret, { format: 'raw' });
    const C1 = decode(ciphertext.slice(0, 65));
    const digest = digestOf('harmless');
    const { r, s1 } = plainReply(C1, digest);
    // x(R) = r - e; W = s1 P2 - r G; a2^-1 C1 = R - W; d C1 = a1^-1 (R - W) - C1.
    const W = addPoints(multiply(s1, multiply(a2Inverse, G)), negate(multiply(r, G)));
    const found = [2, 3].some((prefix) => {
      const R = lift(Uint8Array.from([prefix, ...bytesOf(mod(r - digest, n))]));
      const S = addPoints(multiply(invert(a1, n), addPoints(R, negate(W))), negate(C1));
      const stream = kdf(encode(S).subarray(1), secret.length);
      return hex(ciphertext.slice(97).map((byte, i) => byte ^ (stream[i] ?? 0))) === hex(secret);
    });
    expect(found).toBe(true);

    const target = sm2.encrypt(key.publicKey, secret, { format: 'raw' });
    const { message } = twoParty.sign.clientStart(key.client, e, ctx);
    for (const at of [0, 33]) {
      const changed = message.slice();
      changed.set(sm2.compressPoint(target.slice(0, 65)), at);
      expect(codeOf(() => twoParty.sign.serverReply(key.server, e, ctx, changed))).toBe(
        'protocol_failed',
      );
    }
  });

  const SESSIONS = 256;
  interface Candidate {
    readonly r: bigint;
    readonly s1: bigint;
  }
  /** Benhamouda and others, "On the (in)security of ROS": weights that make any target reachable. */
  function rosWeights(candidates: readonly (readonly [Candidate, Candidate])[]) {
    const weights = candidates.map(([x, y], i) =>
      mod((1n << BigInt(i)) * invert(y.s1 - x.s1, n), n),
    );
    const constant = candidates.reduce(
      (sum, [x], i) => mod(sum - (weights[i] ?? 0n) * x.s1, n),
      0n,
    );
    return { weights, constant };
  }

  test('D: 256 sessions under way at once forge a signature on a text the client never saw', () => {
    const forged = 'pay everything to mallory';
    const nonces = Array.from({ length: SESSIONS }, () => draw(n));
    const Q = nonces.map((k) => multiply(k, G));
    const candidates = Q.map((point, i) => {
      const digest = digestOf(`approved ${i}`);
      return [plainReply(point, digest), plainReply(point, digest)] as const;
    });
    const { weights, constant } = rosWeights(candidates);
    const sum = Q.reduce<Point>(
      (total, point, i) => addPoints(total, multiply(weights[i] ?? 0n, point)),
      undefined,
    );
    const beta = draw(n);
    const r = mod(
      digestOf(forged) + xOf(addPoints(multiply(a2Inverse, sum), multiply(beta, G))),
      n,
    );
    const target = mod(a2 * (beta + r) + constant, n);
    let total = 0n;
    candidates.forEach((pair, i) => {
      const chosen = pair[Number((target >> BigInt(i)) & 1n)] ?? pair[0];
      // The client may even check each signature before it releases it: all are valid.
      const s = finish(chosen.s1, nonces[i] ?? 0n, chosen.r);
      if (i < 8) expect(isValid(`approved ${i}`, chosen.r, s)).toBe(true);
      total = mod(total + (weights[i] ?? 0n) * (s + chosen.r), n);
    });
    expect(isValid(forged, r, mod(total - r, n))).toBe(true);
  });

  test('D against ours: the binding of the nonces leaves nothing linear to solve', () => {
    const digests = Array.from({ length: SESSIONS }, (_, i) =>
      sm2.digest(key.publicKey, utf8(`approved ${i}`)),
    );
    const sessions = digests.map((digest) => twoParty.sign.clientStart(key.client, digest, ctx));
    const candidates = sessions.map(({ message }, i) => {
      const digest = numberOf(digests[i] ?? e);
      return [
        maliciousReply(message, digest, draw(n)),
        maliciousReply(message, digest, draw(n)),
      ] as const;
    });
    const { weights, constant } = rosWeights(candidates);
    // The attacker must fix one effective nonce before it knows which candidate it will use.
    const sum = candidates.reduce<Point>(
      (total, [x], i) => addPoints(total, multiply(weights[i] ?? 0n, x.Q)),
      undefined,
    );
    const forged = utf8('pay everything to mallory');
    const secret = secretOf(key.server);
    const beta = draw(n);
    const R = addPoints(multiply(invert(secret, n), sum), multiply(beta, G));
    const r = mod(numberOf(sm2.digest(key.publicKey, forged)) + xOf(R), n);
    const target = mod(secret * (beta + r) + constant, n);
    let total = 0n;
    candidates.forEach((pair, i) => {
      const chosen = pair[Number((target >> BigInt(i)) & 1n)] ?? pair[0];
      const session = sessions[i];
      if (!session) throw new Error('no session');
      const raw = twoParty.sign.clientFinish(session.state, chosen.reply, { format: 'raw' });
      const s = numberOf(raw.subarray(32));
      total = mod(total + (weights[i] ?? 0n) * (s + chosen.r), n);
    });
    const signature = Uint8Array.from([...bytesOf(r), ...bytesOf(mod(total - r, n))]);
    expect(sm2.verify(key.publicKey, forged, signature, { format: 'raw' })).toBe(false);
  });

  test('F: a client that releases before it checks signs what the server likes', () => {
    const k = draw(n);
    const { r, s1 } = plainReply(multiply(k, G), digestOf('swapped'));
    expect(isValid('swapped', r, finish(s1, k, r))).toBe(true);

    const { state, message } = twoParty.sign.clientStart(key.client, e, ctx);
    const swapped = numberOf(sm2.digest(key.publicKey, utf8('swapped')));
    const { reply } = maliciousReply(message, swapped, draw(n));
    expect(codeOf(() => twoParty.sign.clientFinish(state, reply))).toBe('protocol_failed');
    expect(codeOf(() => twoParty.sign.clientFinish(state, reply))).toBe('state_used');
  });

  test('G: a server nonce used again after a storage roll-back gives the server share', () => {
    const k2 = draw(n);
    const [x, y] = ['1', '2'].map((message) =>
      plainReply(multiply(draw(n), G), digestOf(message), k2),
    );
    if (!x || !y) throw new Error('no replies');
    expect(mod((x.s1 - y.s1) * invert(x.r - y.r, n), n)).toBe(a2);

    // Ours draws its nonce from the message as well, so even a generator that repeats is no help.
    const genuine = crypto.getRandomValues;
    const sent = [1, 2].map(() => twoParty.sign.clientStart(key.client, e, ctx));
    let replies: Uint8Array[];
    try {
      crypto.getRandomValues = ((array: Uint8Array) => array.fill(9)) as typeof genuine;
      useUpDrawnAhead();
      replies = sent.map(({ message }) => twoParty.sign.serverReply(key.server, e, ctx, message));
    } finally {
      crypto.getRandomValues = genuine;
    }
    const [first, second] = replies;
    expect(hex(first?.subarray(0, 33) ?? e)).not.toBe(hex(second?.subarray(0, 33) ?? e));
    const parts = sent.map(({ state }, i) => {
      const raw = twoParty.sign.clientFinish(state, replies[i] ?? e, { format: 'raw' });
      return { r: numberOf(raw.subarray(0, 32)), s1: numberOf((replies[i] ?? e).subarray(33)) };
    });
    const [p0, p1] = parts;
    if (!p0 || !p1) throw new Error('no replies');
    expect(mod((p0.s1 - p1.s1) * invert(p0.r - p1.r, n), n)).not.toBe(secretOf(key.server));
  });

  test('a client cannot make the server fail by choosing related nonces', () => {
    // D = E, D = -E, D = 2 E: honest knowledge of all logarithms, so the proof holds.
    for (const factor of [1n, n - 1n, 2n, (n + 1n) / 2n]) {
      const v = draw(n);
      const u = mod(factor * v, n);
      const t = draw(n);
      const head = Uint8Array.from([u, v, t].flatMap((x) => [...compressed(multiply(x, G))]));
      const challenge = hash(4, [key.client.slice(166), key.client.slice(2, 6), e, head]);
      const z = mod(t + challenge * u + challenge * challenge * v, n);
      const message = Uint8Array.from([...head, ...bytesOf(z), ...e]);
      const reply = twoParty.sign.serverReply(key.server, e, ctx, message);
      const W = lift(reply.slice(0, 33));
      const q = mod(u + binding(message, W) * v, n);
      const R = addPoints(W, multiply(q, otherPublicOf(key.client)));
      const r = mod(numberOf(e) + xOf(R), n);
      const s = mod(secretOf(key.client) * (numberOf(reply.subarray(33)) + q) - r, n);
      const signature = Uint8Array.from([...bytesOf(r), ...bytesOf(s)]);
      expect(sm2.verifyDigest(key.publicKey, e, signature, { format: 'raw' })).toBe(true);
    }
  });
});

test('neither share, alone, holds the key or the other secret', () => {
  const product = secretOf(key.client) * secretOf(key.server);
  const secrets = [mod(invert(product, n) - 1n, n), mod(invert(product, n), n), mod(product, n)];
  for (const share of [key.client, key.server]) {
    for (const secret of secrets) expect(hex(share)).not.toContain(hex(bytesOf(secret)));
  }
  expect(hex(key.client)).not.toContain(hex(bytesOf(secretOf(key.server))));
  expect(hex(key.server)).not.toContain(hex(bytesOf(secretOf(key.client))));
});
