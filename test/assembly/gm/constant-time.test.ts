import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { functionNames } from '../../../wasm-build/names.mjs';
import { type Leak, type TaintedModule, taintedModule } from '../../helpers/wasm-taint.ts';

const built = (name: string) => new URL(`../../../wasm-build/out/${name}`, import.meta.url);
const names = functionNames(readFileSync(built('gm.names')));
const shipped = readFileSync(built('gm.wasm'));
const gm = taintedModule(shipped);
const native = new WebAssembly.Instance(new WebAssembly.Module(shipped), {
  env: {
    abort: () => {
      throw new Error('an assertion in the module failed');
    },
  },
}).exports as Record<string, (...parameters: number[]) => number> & {
  memory: WebAssembly.Memory;
};
const nativeMemory = new Uint8Array(native.memory.buffer);
const io = gm.call('io');

/**
 * Sites by function; `why` says what the secret decides there. Each site may see a secret `times`
 * per call of the entry, once if not given: a comparison that ends early is a loop, and sees more.
 */
interface Declaration {
  readonly branches: number;
  readonly addresses?: number;
  readonly times?: number;
  readonly why: string;
}
type Declarations = Record<string, Declaration>;

/**
 * What a secret may decide, by the function in which it does: one bit each, which is either the
 * answer of the call or an event too rare to be seen. Everything else must not depend on secrets.
 */
const DECLARED: Declarations = {
  'assembly/gm/scalar/loadScalarN': {
    branches: 1,
    times: 2,
    why: 'a private key out of range is refused; some entries read two',
  },
  'assembly/gm/scalar/loadPrivateKey': {
    branches: 1,
    why: 'a private key out of range is refused',
  },
  'assembly/gm/sm2/sm2PublicKey': {
    branches: 2,
    times: 16,
    why: 'the answer to a key out of range; which remembered key it is, compared under a salt',
  },
  'assembly/gm/sm2/sm2SigningFactor': { branches: 1, why: 'the answer to a key out of range' },
  'assembly/gm/sm2/sm2Multiple': { branches: 1, why: 'the answer to a scalar out of range' },
  'assembly/gm/sm2/sm2GenerateKey': { branches: 1, why: 'a number out of range is drawn again' },
  'assembly/gm/sm2/sm2CheckPrivateKey': { branches: 1, why: 'the answer itself' },
  'assembly/gm/sm2/sm2Sign': {
    branches: 2,
    why: 'the answer to a key out of range; a nonce of zero is drawn again',
  },
  'assembly/gm/sm2/signWithNonce': {
    branches: 3,
    why: 'r, r + k or s of zero make the standard draw another nonce',
  },
  'assembly/gm/sm2/sm2StartEncrypt': { branches: 1, why: 'a nonce of zero is drawn again' },
  'assembly/gm/sm2/sm2StartDecrypt': { branches: 1, why: 'the answer to a key out of range' },
  'assembly/gm/sm2/sm2Exchange': {
    branches: 3,
    why: 'the answer to numbers out of range; their combination is zero',
  },
  'assembly/gm/sm2/sm2FinishDecrypt': { branches: 2, why: 'the answer: right or wrong' },
};

function place(at: number, bytes: Uint8Array, isSecret: boolean): void {
  gm.memory.set(bytes, io + at);
  gm.marks.fill(isSecret ? 1 : 0, io + at, io + at + bytes.length);
  nativeMemory.set(bytes, io + at);
}
const secret = (at: number, bytes: Uint8Array) => place(at, bytes, true);
const open = (at: number, bytes: Uint8Array) => place(at, bytes, false);
const at = (offset: number) => io + offset;
const covered = new Set<string>();
/** Calls of each entry since the marks were last forgotten. */
const calls = new Map<string, number>();

/** Calls the followed module and the real one, which must agree in status and memory. */
function call(name: string, ...parameters: number[]): number {
  covered.add(name);
  calls.set(name, (calls.get(name) ?? 0) + 1);
  const status = gm.call(name, ...parameters);
  expect(native[name]?.(...parameters), name).toBe(status);
  return status;
}

function isWhole(): void {
  const size = gm.call('ioBytes');
  const ours = Buffer.from(gm.memory.buffer, io, size);
  expect(ours.equals(Buffer.from(nativeMemory.buffer, io, size))).toBe(true);
}

/** Whether what was found in one function, in `made` calls of the entry, is what was declared. */
function isDeclared(found: readonly Leak[], declaration: Declaration, made: number): boolean {
  const { branches, addresses = 0, times = 1 } = declaration;
  const read = found.filter(({ kind }) => kind === 'address').length;
  const decided = found.filter(({ kind }) => kind === 'branch' || kind === 'select').length;
  return (
    decided <= branches &&
    read <= addresses &&
    decided + read === found.length &&
    found.every(({ count }) => count <= times * made)
  );
}

/** Everything found in functions for which it is not declared, or more or oftener than declared. */
function undeclared(alsoDeclared: Declarations = {}): string[] {
  const declared = { ...DECLARED, ...alsoDeclared };
  const sites = new Map<string, Leak[]>();
  for (const leak of gm.leaks()) {
    const index = leak.site.split('+')[0] ?? '';
    const where = names.get(Number(index)) ?? index;
    sites.set(where, [...(sites.get(where) ?? []), leak]);
  }
  const allCalls = [...calls.values()].reduce((sum, count) => sum + count, 0);
  return [...sites].flatMap(([where, found]) => {
    const declaration = declared[where];
    // A function that is no entry may be part of any call.
    const made = calls.get(where.split('/').at(-1) ?? '') ?? allCalls;
    if (declaration && isDeclared(found, declaration, made)) return [];
    return found.map(
      ({ kind, site, count }) =>
        `${kind} in ${where} at byte ${site.split('+')[1]}, ${count} times`,
    );
  });
}

// Executing a signature this way takes seconds.
vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  gm.forget();
  calls.clear();
});

const range = 'the answer to a share out of range';
const zero = 'a number that came out zero is drawn again';

/**
 * Two-party signing publishes values that were computed from secrets: the points R and T, the
 * challenges hashed from them, r. The marks do not know when a value becomes public, so what checks
 * the other side's proofs with them is declared here, for this protocol alone.
 */
const DECLARED_TWO_PARTY: Declarations = {
  'assembly/gm/point/addToSumVarTime': {
    branches: 1,
    times: Infinity,
    why: 'whether two points may have the same x, about once in 10^7; the sum is published, or is a decryption whose points are unrelated',
  },
  'assembly/gm/point/sumVarTime': {
    branches: 1,
    times: Infinity,
    why: 'digits of r, which both sides know',
  },
  'assembly/gm/point/sumOfNafsVarTime': {
    branches: 1,
    times: Infinity,
    why: 'digits of r, which both sides know',
  },
  'assembly/gm/point/writeNafVarTime': {
    branches: 2,
    times: Infinity,
    why: 'digits of r, which both sides know',
  },
  'assembly/gm/point/addNafDigitVarTime': {
    branches: 0,
    addresses: 2,
    times: Infinity,
    why: 'digits of r, which both sides know',
  },
  'assembly/gm/share/shareCreate': { branches: 2, why: zero },
  'assembly/gm/share/shareFinish': { branches: 1, why: range },
  'assembly/gm/share/shareCheck': { branches: 1, why: range },
  'assembly/gm/share/shareSignStart': { branches: 4, why: `${range}; ${zero}` },
  'assembly/gm/share/shareSignReply': { branches: 4, why: `${range}; ${zero}` },
  'assembly/gm/share/shareSignFinish': {
    branches: 6,
    why: `the answer: whether the reply was right; ${zero}`,
  },
  'assembly/gm/share/shareDecryptReply': { branches: 2, why: `${range}; ${zero}` },
  'assembly/gm/share/shareDecryptFinish': { branches: 1, why: range },
  'assembly/gm/share/shareCoin': { branches: 1, why: zero },
  'assembly/gm/share/shareRefresh': {
    branches: 4,
    why: `${range}; whether the joint key stayed the same`,
  },
};

describe('no branch, address, length or division depends on a secret', () => {
  test('SM3, HMAC, KDF and PBKDF2 of secret bytes', () => {
    secret(0, randomBytes(2000));
    for (const length of [0, 55, 56, 64, 300]) call('sm3Digest', at(0), length, at(2048));
    for (const keyLength of [0, 16, 64, 100]) {
      call('hmacBegin', at(2048), at(0), keyLength);
      call('sm3Absorb', at(2048), at(100), 77);
      call('sm3Absorb', at(2048), at(200), 200);
      call('hmacFinish', at(2048), at(3000));
    }
    call('hmacBegin', at(2048), at(0), 20);
    secret(3000, randomBytes(32));
    call('pbkdf2Derive', at(2048), 5, at(3000));
    for (const zLength of [32, 60, 64, 90]) {
      call('sm3Begin', at(2048));
      call('sm3Absorb', at(2048), at(0), zLength);
      call('kdfDerive', at(2048), 1, at(4000), 200);
    }
    call('sm3Begin', at(2048));
    call('sm3Finish', at(2048), at(3000));
    const lengths = new Uint8Array(new Uint32Array([10, 200, 0, 64, 130, 7]).buffer);
    open(5000, lengths);
    call('sm3Batch', at(5000), 6, at(0), at(6000));
    isWhole();
    expect(undeclared()).toEqual([]);
  });

  test('SM4: key schedule and every mode, with secret key and data', () => {
    secret(0, randomBytes(400));
    secret(1000, randomBytes(16));
    for (const decrypts of [0, 1]) {
      call('sm4SetKey', at(1000), at(1024), decrypts);
      call('sm4EcbApply', at(1024), at(0), 272);
    }
    open(1200, randomBytes(16));
    call('sm4CbcUndo', at(1024), at(1200), at(0), 304);
    call('sm4SetKey', at(1000), at(1024), 0);
    call('sm4CbcApply', at(1024), at(1200), at(0), 64);
    for (const low32 of [0, 1]) {
      open(1200, randomBytes(16));
      call('sm4CtrApply', at(1024), at(1200), at(0), 301, low32);
    }
    isWhole();
    expect(undeclared()).toEqual([]);
  });

  test('GHASH with a secret key, and the comparison of tags', () => {
    secret(0, randomBytes(100));
    secret(200, randomBytes(16));
    secret(300, new Uint8Array(16));
    call('ghashFold', at(200), at(300), at(0), 100);
    expect(call('sameBytes', at(0), at(200), 16)).toBe(0);
    expect(call('sameBytes', at(0), at(0), 16)).toBe(1);
    isWhole();
    expect(undeclared()).toEqual([]);
  });

  const privateKey = createHash('sha256').update('a private key').digest();

  test('SM2: keys, signing, decryption and key exchange with a secret key and nonce', () => {
    secret(0, privateKey);
    secret(64, randomBytes(64));
    open(200, randomBytes(32));
    call('sm2CheckPrivateKey', at(0));
    call('sm2PublicKey', at(0), at(300));
    call('sm2Multiple', at(0), at(500));
    call('sm2SigningFactor', at(0), at(400));
    call('sm2Sign', at(0), at(400), at(200), at(64), at(600));
    call('sm2Sign', at(0), 0, at(200), at(64), at(600));
    call('sm2GenerateKey', at(64), at(700));
    // The point is public from here on, as are those of the peer.
    open(300, gm.memory.slice(at(300), at(300) + 64));
    open(500, gm.memory.slice(at(500), at(500) + 64));
    call('sm2StartEncrypt', at(300), at(64), at(800));
    secret(1000, randomBytes(100));
    call('sm2EncryptPiece', at(1000), 100);
    call('sm2FinishEncrypt', at(1200));
    open(800, gm.memory.slice(at(800), at(800) + 64));
    open(1000, gm.memory.slice(at(1000), at(1000) + 100));
    open(1200, gm.memory.slice(at(1200), at(1200) + 32));
    call('sm2StartDecrypt', at(0), at(800));
    call('sm2DecryptPiece', at(1000), 100);
    call('sm2FinishDecrypt', at(1200));
    // Key exchange: own ephemeral number secret, the three other points public.
    const points = [1500, 1600, 1700];
    for (const point of points) {
      secret(1400, randomBytes(32));
      call('sm2Multiple', at(1400), at(point));
      open(point, gm.memory.slice(at(point), at(point) + 64));
    }
    call('sm2Exchange', at(0), at(1400), at(1700), at(1500), at(1600), at(1800));
    isWhole();
    expect(undeclared()).toEqual([]);
  });

  test('two-party SM2: shares, signing, decryption and refresh with secret shares and nonces', async () => {
    const { twoParty, sm2 } = await loadGm();
    const ctx = new TextEncoder().encode('context');
    const first = twoParty.keygen.clientStart(ctx);
    const answer = twoParty.keygen.serverReply(ctx, first.commitment);
    const client = twoParty.keygen.clientFinish(first.state, answer.message);
    const server = twoParty.keygen.serverFinish(answer.state, client.opening);
    const placeShare = (share: Uint8Array) => {
      open(1000, share);
      secret(1006, share.slice(6, 38));
    };
    const publish = (offset: number, length: number) =>
      gm.marks.fill(0, at(offset), at(offset) + length);
    const CONTEXT = 0;
    open(CONTEXT, ctx);
    const randomness = () => secret(200, randomBytes(64));

    for (const role of [1, 2]) {
      randomness();
      open(300, randomBytes(32));
      call('shareCreate', role, at(CONTEXT), ctx.length, at(300), at(200), at(400), at(500));
    }
    publish(500, 98);
    placeShare(client.share);
    // Key generation: own secret, the other's public share.
    secret(400, client.share.slice(6, 38));
    call('shareFinish', 1, at(400), at(500), at(2000));
    call('shareCheck', at(1000), 1);

    // A signature, from both sides.
    open(600, randomBytes(32));
    randomness();
    call('shareSignStart', at(1000), at(CONTEXT), ctx.length, at(600), at(200), at(3000), at(3200));
    publish(3000, 163);
    placeShare(server.share);
    randomness();
    call('shareSignReply', at(1000), at(CONTEXT), ctx.length, at(3000), at(200), at(3400));
    publish(3400, 65);
    placeShare(client.share);
    expect(
      call(
        'shareSignFinish',
        at(1000),
        at(CONTEXT),
        ctx.length,
        at(3000),
        at(3200),
        at(3400),
        at(3600),
      ),
    ).toBe(0);

    // A decryption, from both sides.
    const c1 = sm2.encrypt(client.publicKey, randomBytes(10), { format: 'raw' }).slice(1, 65);
    open(4000, c1);
    open(4100, new Uint8Array(65));
    call('shareDecryptStart', at(4000), at(4100));
    placeShare(server.share);
    randomness();
    call('shareDecryptReply', at(1000), at(CONTEXT), ctx.length, at(4100), at(200), at(4200));
    publish(4200, 97);
    placeShare(client.share);
    expect(call('shareDecryptFinish', at(1000), at(CONTEXT), ctx.length, at(4100), at(4200))).toBe(
      0,
    );

    // A refresh.
    for (const coin of [5000, 5100]) {
      randomness();
      call('shareCoin', at(1000), at(200), at(coin));
    }
    call('shareCommitCoin', at(1000), at(CONTEXT), ctx.length, at(5000), at(5200));
    call('shareRefresh', at(1000), at(5000), at(5100), at(5300));
    isWhole();
    expect(undeclared(DECLARED_TWO_PARTY)).toEqual([]);
  });

  test('every entry of the module is followed here or takes no secret', () => {
    const withoutSecrets = [
      'io',
      'ioBytes',
      'sm2PreparedKeys',
      'sm2SetSalt',
      'sm2Z',
      'sm2ReadPoint',
      'sm2Prepare',
      'sm2Verify',
      'sm2VerifyPrepared',
      'shareCommit',
      'shareCheckProof',
    ];
    const missing = gm.exports.filter(
      (name) => !covered.has(name) && !withoutSecrets.includes(name),
    );
    expect(missing).toEqual([]);
  });
});

describe('the scan finds what is planted', () => {
  const source = `
const table = memory.data(256);
export function byTable(at: usize): u32 { return load<u8>(table + load<u8>(at)); }
export function byBranch(at: usize): u32 { let n: u32 = 0; if (load<u8>(at) & 1) { n = load<u32>(table); store<u32>(table, n + 1); } return n; }
export function byLoop(at: usize): u32 { let n: u32 = 0; for (let i: u32 = load<u8>(at); i > 0; i--) n += load<u8>(table + i % 7); return n; }
export function bySelect(at: usize): u32 { return select<u32>(load<u32>(table), load<u32>(table, 4), load<u8>(at) & 1); }
export function byEarlyExit(at: usize): bool { for (let i: u32 = 0; i < 4; i++) if (load<u8>(at + i) != load<u8>(at + 8 + i)) return false; return true; }
export function byDivision(at: usize): u32 { return 1000 / load<u32>(at); }
export function byLength(at: usize): void { memory.copy(table, table + 128, load<u8>(at)); }
export function throughMemory(at: usize): u32 { store<u32>(table, load<u32>(at) * 3, 64); memory.copy(table + 96, table + 64, 8); return load<u8>(table + <usize>load<u8>(table + 97)); }
export function innocent(at: usize): u32 { const x = load<u32>(at); const mask = 0 - (x & 1); return (load<u32>(table) & mask) | (load<u32>(table, 4) & ~mask); }
`;

  async function plant(): Promise<TaintedModule> {
    let binary: Uint8Array | undefined;
    const { error, stderr } = await asc.main(
      ['planted.ts', '--outFile', 'planted.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd'],
      {
        readFile: (name) => (name === 'planted.ts' ? source : null),
        writeFile: (_, contents) => {
          if (typeof contents !== 'string') binary = contents;
        },
      },
    );
    if (error || !binary) throw new Error(stderr.toString());
    return taintedModule(binary);
  }

  test('table look-up, branch, loop, select, division, length, and a way through memory', async () => {
    const planted = await plant();
    const input = 1024;
    const found = (name: string) => {
      planted.forget();
      planted.memory.set([7, 1, 0, 0], input);
      planted.marks.fill(1, input, input + 4);
      planted.call(name, input);
      return planted.leaks().map((leak) => leak.kind);
    };
    expect(found('byTable')).toContain('address');
    expect(found('byBranch')).toContain('branch');
    expect(found('byLoop')).toContain('branch');
    expect(found('bySelect')).toContain('select');
    expect(found('byDivision')).toContain('division');
    expect(found('byLength')).toContain('length');
    expect(found('throughMemory')).toContain('address');
    expect(found('innocent')).toEqual([]);
  });

  test('a comparison that ends early, though one branch on its outcome is declared', async () => {
    const planted = await plant();
    const input = 1024;
    planted.memory.set([7, 1, 0, 0], input);
    planted.memory.set([7, 1, 0, 0], input + 8);
    planted.marks.fill(1, input, input + 4);
    expect(planted.call('byEarlyExit', input)).toBe(1);
    const declaration = { branches: 1, why: 'the answer' };
    expect(isDeclared(planted.leaks(), declaration, 1)).toBe(false);
    expect(isDeclared(planted.leaks(), { ...declaration, times: 4 }, 1)).toBe(true);
  });

  test('a secret that is not declared secret is what the marks are about', () => {
    open(0, randomBytes(64));
    call('sm2Multiple', at(0), at(500));
    expect(gm.leaks()).toEqual([]);
  });
});
