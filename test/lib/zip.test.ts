import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readZip, ZipError, type ZipLimits } from '../../src/lib/zip.ts';
import { type Packed, zipFile } from '../helpers/zip-file.ts';

const limits: ZipLimits = { files: 10, fileBytes: 10_000, totalBytes: 20_000 };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const fromBase64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'));

async function refusalOf(archive: Uint8Array<ArrayBuffer>, within = limits): Promise<string> {
  const error = await readZip(archive, within).catch((cause: unknown) => cause);
  if (!(error instanceof ZipError)) throw new Error('expected a ZipError');
  return error.reason;
}

const one = (claims: Packed['claims'] = {}, bytes = bytesOf('ink'.repeat(100))) =>
  zipFile([{ path: 'a.png', bytes, claims }]);

// Python 3.11 zipfile: a folder, a manifest with a Chinese name, what macOS adds, a stored file.
const byPython =
  'UEsDBBQAAAAIABGPe10AAAAAAgAAAAAAAAAHAAAAZm9sZGVyLwMAUEsDBBQAAAgIABGPe11cFn26GgAAAK8AAAARAAAAZm9sZGVyL+a4heWNlS5jc3YryEwuKS1K1SlOLcpMzOFK1CvIS9cxHLQ0AFBLAwQUAAAACAARj3tdgxbcjAMAAAABAAAADAAAAF9fTUFDT1NYLy5fYasAAFBLAwQUAAAAAAAAACEApb7rWwQAAAAEAAAABQAAAGEucG5niVBOR1BLAQIUAxQAAAAIABGPe10AAAAAAgAAAAAAAAAHAAAAAAAAAAAAEAD9QQAAAABmb2xkZXIvUEsBAhQDFAAACAgAEY97XVwWfboaAAAArwAAABEAAAAAAAAAAAAAAIABJwAAAGZvbGRlci/muIXljZUuY3N2UEsBAhQDFAAAAAgAEY97XYMW3IwDAAAAAQAAAAwAAAAAAAAAAAAAAIABcAAAAF9fTUFDT1NYLy5fYVBLAQIUAxQAAAAAAAAAIQClvutbBAAAAAQAAAAFAAAAAAAAAAAAAACAAZ0AAABhLnBuZ1BLBQYAAAAABAAEAOEAAADEAAAAAAA=';
// Info-ZIP 3.0: a manifest and 3000 zeros; and one with a password.
const byInfoZip =
  'UEsDBAoAAAAAADGPe10oPf9CEAAAABAAAAAFABwAbS5jc3ZVVAkAA43ECWuNxAlrdXgLAAEEAAAAAAQAAAAAcGljdHVyZSxhY2NvdW50ClBLAwQUAAAACAAxj3tdDVuG2hQAAAC4CwAACAAcAHplcm8ucG5nVVQJAAOOxAlrjcQJa3V4CwABBAAAAAAEAAAAAO3BMQEAAADCoPVPbQ0PoAAAgHcDUEsBAh4DCgAAAAAAMY97XSg9/0IQAAAAEAAAAAUAGAAAAAAAAQAAAKSBAAAAAG0uY3N2VVQFAAONxAlrdXgLAAEEAAAAAAQAAAAAUEsBAh4DFAAAAAgAMY97XQ1bhtoUAAAAuAsAAAgAGAAAAAAAAAAAAKSBTwAAAHplcm8ucG5nVVQFAAOOxAlrdXgLAAEEAAAAAAQAAAAAUEsFBgAAAAACAAIAmQAAAKUAAAAAAA==';
const encryptedByInfoZip =
  'UEsDBAoACQAAADGPe10oPf9CHAAAABAAAAAFABwAbS5jc3ZVVAkAA43ECWuOxAlrdXgLAAEEAAAAAAQAAAAA+rXn/c+EFYNnzzqeugxAu0EWyAWexhITHaEpUFBLBwgoPf9CHAAAABAAAABQSwECHgMKAAkAAAAxj3tdKD3/QhwAAAAQAAAABQAYAAAAAAABAAAApIEAAAAAbS5jc3ZVVAUAA43ECWt1eAsAAQQAAAAABAAAAABQSwUGAAAAAAEAAQBLAAAAawAAAAAA';

describe('B2: archives of reserved imprints', () => {
  it('reads what other programs packed, without folders and what a system adds', async () => {
    const files = await readZip(fromBase64(byPython), limits);
    expect(files.map(({ path }) => path)).toEqual(['folder/清单.csv', 'a.png']);
    expect(new TextDecoder().decode(files[0]?.bytes)).toMatch(/^picture,serial\n(a\.png,1\n){20}$/);
    expect(files[1]?.bytes).toEqual(fromBase64('iVBORw=='));
    const others = await readZip(fromBase64(byInfoZip), limits);
    expect(others.map(({ path, bytes }) => [path, bytes.length])).toEqual([
      ['m.csv', 16],
      ['zero.png', 3000],
    ]);
    expect(await refusalOf(fromBase64(encryptedByInfoZip))).toBe('unsupported');
  });

  it('any files come back, with a comment behind them', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 1500 }), { maxLength: 8 }),
        fc.stringMatching(/^[ -~]{0,40}$/),
        async (contents, comment) => {
          const files = contents.map((bytes, k) => ({ path: `${k}.png`, bytes }));
          const read = await readZip(zipFile(files, comment), limits);
          expect(read.map(({ bytes }) => [...bytes])).toEqual(contents.map((each) => [...each]));
        },
      ),
    ));

  it('reads names in GBK, as Chinese Windows writes them', async () => {
    const pathBytes = Uint8Array.of(0xb9, 0xab, 0xd5, 0xc2, ...bytesOf('.png'));
    const archive = zipFile([{ path: '', pathBytes, bytes: bytesOf('ink') }]);
    expect((await readZip(archive, limits))[0]?.path).toBe('公章.png');
  });

  it('refuses a bomb by what it says of itself, and by what comes out when it lies', async () => {
    const zeros = new Uint8Array(5_000_000);
    expect(await refusalOf(one({}, zeros))).toBe('too_large');
    expect(await refusalOf(one({ size: 300 }, zeros))).toBe('too_large');
    const many = Array.from({ length: 11 }, (_, k) => ({
      path: `${k}.png`,
      bytes: zeros.subarray(0, 9),
    }));
    expect(await refusalOf(zipFile(many))).toBe('too_large');
    const three = ['a', 'b', 'c'].map((path) => ({ path, bytes: zeros.subarray(0, 9000) }));
    expect(await refusalOf(zipFile(three))).toBe('too_large');
    const lying = three.map((file) => ({ ...file, claims: { size: 6000 } }));
    expect(await refusalOf(zipFile(lying))).toBe('too_large');
  });

  it('M4: refuses files that share their bytes, and stops a bomb within a few pieces of its limit', async () => {
    const same = new Uint8Array(4000);
    const shared = zipFile(['a.png', 'b.png'].map((path) => ({ path, bytes: same })));
    // The first file says that its packed bytes are the whole archive.
    const directory = shared.length - 22 - 2 * (46 + 'a.png'.length);
    new DataView(shared.buffer).setUint32(directory + 20, shared.length, true);
    expect(await refusalOf(shared)).toBe('unreadable');

    const taken: number[] = [];
    const Native = DecompressionStream;
    vi.stubGlobal(
      'DecompressionStream',
      class {
        constructor() {
          const native = new Native('deflate-raw');
          const count = new TransformStream<Uint8Array, Uint8Array>({
            transform(piece, controller) {
              taken.push(piece.length);
              controller.enqueue(piece);
            },
          });
          const readable = count.readable.pipeThrough(native as never);
          Object.assign(this, { writable: count.writable, readable });
        }
      },
    );
    const bomb = one({ size: 300 }, new Uint8Array(24 * 1024 * 1024));
    expect(await refusalOf(bomb)).toBe('too_large');
    vi.unstubAllGlobals();
    // 24 KiB packed; a whole file at once would have been unpacked at once.
    expect(taken.length).toBeGreaterThan(0);
    expect(Math.max(...taken)).toBeLessThanOrEqual(8 * 1024);
    expect(taken.reduce((sum, bytes) => sum + bytes)).toBeLessThan(bomb.length);
  });

  it('refuses a wrong checksum, a wrong size, encryption and methods it does not know', async () => {
    expect(await refusalOf(one({ crc: 1 }))).toBe('unreadable');
    expect(await refusalOf(one({ size: 400 }))).toBe('unreadable');
    expect(await refusalOf(one({ flags: 1 }))).toBe('unsupported');
    expect(await refusalOf(one({ method: 14 }))).toBe('unsupported');
    expect(await refusalOf(bytesOf('no archive at all, but long enough'))).toBe('unreadable');
    expect(await refusalOf(new Uint8Array())).toBe('unreadable');
  });

  it('a changed or cut archive is refused or reads as it was, and nothing else is thrown', () => {
    const whole = zipFile([
      { path: 'm.csv', bytes: bytesOf('picture,serial\na.png,1\n') },
      { path: 'a.png', bytes: bytesOf('ink'.repeat(50)) },
    ]);
    return fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, change, isCut) => {
          const other = isCut ? whole.slice(0, at) : whole.slice();
          if (!isCut) other[at] = (other[at] ?? 0) ^ change;
          const read = await readZip(other, limits).catch((error: unknown) => error);
          if (read instanceof ZipError) return;
          for (const { bytes } of read as Awaited<ReturnType<typeof readZip>>) {
            expect([23, 150]).toContain(bytes.length);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
