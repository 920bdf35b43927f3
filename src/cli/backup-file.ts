import { createHash, randomBytes, scrypt } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, stat } from 'node:fs/promises';
import { dirname, join, posix, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { loadSodium, type Sodium } from '../core/sodium.ts';
import { UsageError } from './command.ts';

/**
 * A backup file: the line `cinnabar-backup 1`, 32 bytes of salt, then a libsodium secret stream
 * (XChaCha20-Poly1305, doc.libsodium.org/secret-key_cryptography/secretstream) under
 * scrypt(passphrase, salt) (RFC 7914, N = 2^17, r = 8, p = 1). The stream carries a manifest in
 * JSON, after its length in four bytes, and the files one after the other. Each chunk is
 * authenticated in its place and the last is marked, so that a changed, cut or reordered file does
 * not open. What is in it is as secret as the service's stores: their keys lie beside them.
 */
const magic = 'cinnabar-backup 1\n';
const saltBytes = 32;
const chunkBytes = 1 << 16;
const manifestMost = 64 << 20;

interface Entry {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly mode: number;
  /** Of the contents, in hexadecimal. */
  readonly sha256: string;
}

export interface Manifest {
  readonly madeAt: string;
  readonly files: readonly Entry[];
}

function streamKey(passphrase: string, salt: Uint8Array): Promise<Uint8Array> {
  const cost = { N: 1 << 17, r: 8, p: 1, maxmem: 256 << 20 };
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, cost, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/** Every regular file below `folder`, in the order of its path. */
async function filesBelow(folder: string): Promise<string[]> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  return found
    .filter((item) => item.isFile())
    .map((item) => relative(folder, join(item.parentPath, item.name)).split(sep).join('/'))
    .sort();
}

async function entryOf(folder: string, path: string): Promise<Entry> {
  const { size, mode } = await stat(join(folder, path));
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, path)), hash);
  return { path, size, mode: mode & 0o777, sha256: hash.digest('hex') };
}

/** Cuts what it is given into chunks of one size; the last may be shorter. */
async function* inChunks(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let kept: Uint8Array = new Uint8Array();
  for await (const piece of source) {
    kept = kept.length === 0 ? piece : Buffer.concat([kept, piece]);
    while (kept.length > chunkBytes) {
      yield kept.subarray(0, chunkBytes);
      kept = kept.subarray(chunkBytes);
    }
  }
  yield kept;
}

async function* plainBackup(
  folder: string,
  manifest: Manifest,
  onFile: () => void,
): AsyncGenerator<Uint8Array> {
  const text = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  yield length;
  yield text;
  for (const { path, size } of manifest.files) {
    let read = 0;
    for await (const piece of createReadStream(join(folder, path))) {
      read += piece.length;
      yield piece;
    }
    if (read !== size) throw new UsageError(`${path} changed meanwhile`, 'state_in_use');
    onFile();
  }
}

async function* sealed(
  sodium: Sodium,
  key: Uint8Array,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { state, header } = sodium.crypto_secretstream_xchacha20poly1305_init_push(key);
  const push = (chunk: Uint8Array, tag: number) =>
    sodium.crypto_secretstream_xchacha20poly1305_push(state, chunk, null, tag);
  yield header;
  let waiting: Uint8Array | undefined;
  for await (const chunk of inChunks(source)) {
    if (waiting) yield push(waiting, sodium.crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    waiting = chunk;
  }
  yield push(waiting ?? new Uint8Array(), sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL);
}

/** Writes the folder into a new file; one that is there is never replaced. */
export async function writeBackup(
  folder: string,
  file: string,
  passphrase: string,
  onFile: (path: string, total: number) => void = () => {},
): Promise<Manifest> {
  const sodium = await loadSodium();
  const paths = await filesBelow(folder);
  const files: Entry[] = [];
  for (const path of paths) files.push(await entryOf(folder, path));
  const manifest: Manifest = { madeAt: new Date().toISOString(), files };
  const salt = randomBytes(saltBytes);
  const key = await streamKey(passphrase, salt);
  let at = 0;
  const contents = plainBackup(folder, manifest, () =>
    onFile(files[at++]?.path ?? '', files.length),
  );
  async function* whole() {
    yield Buffer.from(magic);
    yield salt;
    yield* sealed(sodium, key, contents);
  }
  const out = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(whole, out);
  return manifest;
}

function damaged(why: string): UsageError {
  return new UsageError(`the backup does not open: ${why}`, 'backup_invalid');
}

/** The authenticated contents of the file, piece by piece. */
async function* opened(file: string, passphrase: string): AsyncGenerator<Uint8Array> {
  const sodium = await loadSodium();
  const handle = await open(file);
  try {
    const read = async (length: number) => {
      const buffer = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const { bytesRead } = await handle.read(buffer, filled, length - filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return buffer.subarray(0, filled);
    };
    if ((await read(magic.length)).toString('latin1') !== magic) throw damaged('not one of ours');
    const key = await streamKey(passphrase, await read(saltBytes));
    const header = await read(sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES);
    if (header.length < sodium.crypto_secretstream_xchacha20poly1305_HEADERBYTES) {
      throw damaged('it is cut off');
    }
    const state = sodium.crypto_secretstream_xchacha20poly1305_init_pull(header, key);
    const sealedBytes = chunkBytes + sodium.crypto_secretstream_xchacha20poly1305_ABYTES;
    for (;;) {
      const chunk = await read(sealedBytes);
      if (chunk.length === 0) throw damaged('it is cut off');
      const pulled = sodium.crypto_secretstream_xchacha20poly1305_pull(state, chunk, null);
      if (!pulled) throw damaged('wrong passphrase, or it was changed');
      yield pulled.message;
      if (pulled.tag === sodium.crypto_secretstream_xchacha20poly1305_TAG_FINAL) break;
    }
    if ((await read(1)).length > 0) throw damaged('something follows its end');
  } finally {
    await handle.close();
  }
}

/** Hands out exact numbers of bytes of a stream of pieces. */
class ByteReader {
  #kept: Uint8Array = new Uint8Array();
  readonly #pieces: AsyncGenerator<Uint8Array>;

  constructor(pieces: AsyncGenerator<Uint8Array>) {
    this.#pieces = pieces;
  }

  /** `length` bytes as they come; throws where the stream ends before. */
  async *take(length: number): AsyncGenerator<Uint8Array> {
    let wanted = length;
    while (wanted > 0) {
      if (this.#kept.length === 0) {
        const next = await this.#pieces.next();
        if (next.done) throw damaged('it ends too early');
        this.#kept = next.value;
      }
      const piece = this.#kept.subarray(0, wanted);
      this.#kept = this.#kept.subarray(piece.length);
      wanted -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  async bytes(length: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.take(length)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  async end(): Promise<void> {
    for (;;) {
      const next = await this.#pieces.next();
      if (next.done) return;
      if (next.value.length > 0) throw damaged('it holds more than it lists');
    }
  }
}

/** Authenticated, and still not taken at its word: no path may lead out of the folder. */
function checkedManifest(text: string): Manifest {
  const manifest = JSON.parse(text) as Manifest;
  for (const { path } of manifest.files) {
    const inside =
      posix.normalize(path) === path && !path.startsWith('..') && !path.startsWith('/');
    if (!inside || path === '' || path.includes('\\')) throw damaged('a path leads outside');
  }
  return manifest;
}

/**
 * Reads the whole backup, and writes it to `folder` unless that is undefined. The caller gives an
 * empty folder and takes it into use only when this has returned.
 */
export async function readBackup(
  file: string,
  passphrase: string,
  folder: string | undefined,
  onFile: (path: string, total: number) => void = () => {},
): Promise<Manifest> {
  const reader = new ByteReader(opened(file, passphrase));
  const length = (await reader.bytes(4)).readUInt32BE();
  if (length > manifestMost) throw damaged('its list is too long');
  const manifest = checkedManifest((await reader.bytes(length)).toString('utf8'));
  for (const entry of manifest.files) {
    const hash = createHash('sha256');
    const contents = async function* () {
      for await (const piece of reader.take(entry.size)) {
        hash.update(piece);
        yield piece;
      }
    };
    if (folder === undefined) for await (const _piece of contents());
    else await writeEntry(join(folder, entry.path), entry.mode, contents);
    if (hash.digest('hex') !== entry.sha256) throw damaged(`${entry.path} is not what it was`);
    onFile(entry.path, manifest.files.length);
  }
  await reader.end();
  return manifest;
}

async function writeEntry(path: string, mode: number, contents: () => AsyncIterable<Uint8Array>) {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await pipeline(contents, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
  await chmod(path, mode);
}
