import { deflateRawSync } from 'node:zlib';

export interface Packed {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Instead of what is true of it. */
  readonly claims?: Partial<Record<'size' | 'crc' | 'method' | 'flags', number>>;
  readonly pathBytes?: Uint8Array;
}

/** A ZIP archive as APPNOTE 6.3.10 describes it, which may lie about its files. */
export function zipFile(files: readonly Packed[], comment = ''): Uint8Array<ArrayBuffer> {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { path, bytes, claims = {}, pathBytes } of files) {
    const name = Buffer.from(pathBytes ?? new TextEncoder().encode(path));
    const data = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(claims.flags ?? 0, 2);
    common.writeUInt16LE(claims.method ?? 8, 4);
    common.writeUInt32LE(claims.crc ?? crcOf(bytes), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(claims.size ?? bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), common, name, data);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, name);
    at += 30 + name.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(at, 12);
  end.writeUInt16LE(comment.length, 16);
  const whole = [...parts, ...directory, Buffer.from('PK\x05\x06', 'latin1'), end];
  return new Uint8Array(Buffer.concat([...whole, Buffer.from(comment, 'latin1')]));
}

/** Bit by bit: RFC 1952 section 8. */
function crcOf(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
