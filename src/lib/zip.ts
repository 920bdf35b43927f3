/**
 * Why an archive is not read: it is no archive or a broken one, it is larger than the limits, or it
 * uses what this reader does not (encryption, other methods than deflate, parts, ZIP64).
 */
export type ZipRefusal = 'unreadable' | 'too_large' | 'unsupported';

export class ZipError extends Error {
  readonly reason: ZipRefusal;

  constructor(reason: ZipRefusal, message: string) {
    super(message);
    this.name = 'ZipError';
    this.reason = reason;
  }
}

/** In bytes, unpacked; what is read stops there, whatever the archive says of its own size. */
export interface ZipLimits {
  readonly files: number;
  readonly fileBytes: number;
  readonly totalBytes: number;
}

export interface ZipFile {
  /** As the archive has it, with folders. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

// PKWARE APPNOTE 6.3.10: sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_SIZE = 30;
const CENTRAL_SIZE = 46;
const END_SIZE = 22;
const COMMENT_MAX = 0xffff;
const ENCRYPTED = 1;
const UTF8_NAME = 1 << 11;
const STORED = 0;
const DEFLATED = 8;

interface Listed {
  readonly path: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly localAt: number;
}

/**
 * Unpacks the files of a ZIP archive in the order of its directory, without folders and without what
 * a system adds for itself (`__MACOSX`, names that begin with a dot). Every checksum is compared.
 *
 * @throws ZipError
 */
export async function readZip(
  archive: Uint8Array<ArrayBuffer>,
  limits: ZipLimits,
): Promise<readonly ZipFile[]> {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const listed = directoryOf(archive, view, limits);
  const files: ZipFile[] = [];
  let left = limits.totalBytes;
  for (const entry of listed) {
    const bytes = await unpack(archive, view, entry, Math.min(limits.fileBytes, left));
    left -= bytes.length;
    files.push({ path: entry.path, bytes });
  }
  return files;
}

/** What the archive says of itself is checked before anything is unpacked. */
function directoryOf(archive: Uint8Array, view: DataView, limits: ZipLimits): readonly Listed[] {
  const endAt = findEnd(view);
  const count = view.getUint16(endAt + 10, true);
  let at = view.getUint32(endAt + 16, true);
  if (view.getUint16(endAt + 4, true) !== 0 || count === 0xffff || at === 0xffffffff) {
    throw new ZipError('unsupported', 'an archive in parts, or of the ZIP64 form');
  }
  const listed: Listed[] = [];
  let [total, packed] = [0, 0];
  for (let k = 0; k < count; k++) {
    if (at + CENTRAL_SIZE > endAt || view.getUint32(at, true) !== CENTRAL) throw broken();
    const nameEnd = at + CENTRAL_SIZE + view.getUint16(at + 28, true);
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    if (next > endAt) throw broken();
    const flags = view.getUint16(at + 8, true);
    const path = nameOf(archive.subarray(at + CENTRAL_SIZE, nameEnd), (flags & UTF8_NAME) !== 0);
    if (isWanted(path)) {
      const entry = entryAt(view, at, path);
      total += entry.size;
      packed += entry.packed;
      if (entry.size > limits.fileBytes || total > limits.totalBytes) throw tooLarge(path);
      // Files that share their bytes would have the same bytes unpacked once for each of them.
      if (packed > archive.length) throw broken();
      if ((flags & ENCRYPTED) !== 0) throw new ZipError('unsupported', `${path} is encrypted`);
      listed.push(entry);
      if (listed.length > limits.files) {
        throw new ZipError('too_large', `more than ${limits.files} files`);
      }
    }
    at = next;
  }
  return listed;
}

function entryAt(view: DataView, at: number, path: string): Listed {
  return {
    path,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    localAt: view.getUint32(at + 42, true),
  };
}

/** From behind, because a comment of any content may follow. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  for (let at = last; at >= Math.max(0, last - COMMENT_MAX); at--) {
    if (view.getUint32(at, true) !== END) continue;
    if (at + END_SIZE + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  throw new ZipError('unreadable', 'no ZIP archive');
}

/** Archives of Chinese Windows name their files in GBK without saying so. */
function nameOf(bytes: Uint8Array, isUtf8: boolean): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    if (isUtf8) throw broken();
    return new TextDecoder('gb18030').decode(bytes);
  }
}

function isWanted(path: string): boolean {
  const parts = path.split(/[/\\]/);
  return parts.at(-1) !== '' && !parts.some((part) => part === '__MACOSX' || part.startsWith('.'));
}

async function unpack(
  archive: Uint8Array<ArrayBuffer>,
  view: DataView,
  { path, method, crc, packed, size, localAt }: Listed,
  most: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (localAt + LOCAL_SIZE > archive.length || view.getUint32(localAt, true) !== LOCAL) {
    throw broken();
  }
  const from =
    localAt + LOCAL_SIZE + view.getUint16(localAt + 26, true) + view.getUint16(localAt + 28, true);
  if (from + packed > archive.length) throw broken();
  const data = archive.slice(from, from + packed);
  if (method !== STORED && method !== DEFLATED) {
    throw new ZipError('unsupported', `${path} is packed by method ${method}`);
  }
  const bytes = method === STORED ? data : await inflate(data, Math.min(most, size), path);
  if (bytes.length !== size || crc32(bytes) !== crc) {
    throw new ZipError('unreadable', `${path} is damaged`);
  }
  return bytes;
}

/** The platform's own inflater (RFC 1951), stopped as soon as more comes out than there may be. */
async function inflate(
  data: Uint8Array<ArrayBuffer>,
  most: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(most);
  let length = 0;
  const reader = inPieces(data).pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new ZipError('unreadable', `${path} is damaged`);
    });
    if (done) return out.subarray(0, length);
    if (length + value.length > most) {
      await reader.cancel().catch(() => undefined);
      throw tooLarge(path);
    }
    out.set(value, length);
    length += value.length;
  }
}

/**
 * An inflater unpacks a whole piece before anybody can stop it, up to 1,032 times its length: what
 * comes in pieces is never far ahead of the limit.
 */
function inPieces(data: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= data.length) return controller.close();
      controller.enqueue(data.subarray(at, at + pieceBytes));
      at += pieceBytes;
    },
  });
}
const pieceBytes = 8 * 1024;

let crcTable: Uint32Array | undefined;

/** The reflected polynomial 0xEDB88320, APPNOTE section 4.4.7. */
function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
    return value;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (crcTable[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

const broken = () => new ZipError('unreadable', 'the directory of the archive is broken');
const tooLarge = (path: string) => new ZipError('too_large', `${path} is too large unpacked`);
