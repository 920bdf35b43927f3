import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { Cells } from '../../domain/chips/ports.ts';

/** Cells in a file. What was put is there for good when `commit` has returned. */
export interface Journal extends Cells {
  /** Writes all changes since the last time, whole, and waits for the disk. */
  commit(): void;
  /**
   * Writes the file anew with what is there now: what was replaced or deleted is gone from it.
   * `commit` does so itself when most of a large file is of no use any more.
   */
  compact(): void;
  /** Bytes of the file. */
  size(): number;
  close(): void;
}

type Change = readonly [key: string, value: Uint8Array | undefined];

/** Where a value is in the file; memory holds the places, not the values. */
interface Place {
  readonly at: number;
  readonly length: number;
}

const headBytes = 4;
const sumBytes = 8;
const changeBytes = 8;
/** A file below this is not worth writing anew. */
const compactLeastBytes = 1 << 20;
/** Of a larger one so much may be of no use: it is never more than about three times what it holds. */
const wasteMost = 2;
/** About so much goes into one record of a file that is written anew. */
const chunkBytes = 1 << 20;

interface JournalOptions {
  /** Below so many bytes the file is not written anew by itself. */
  readonly compactLeast?: number;
}

/**
 * Opens a journal: records of length (4 bytes, big-endian), the first 8 bytes of SHA-256, and a
 * list of changes. A last record that was not written whole never happened: nobody had heard of it.
 *
 * @throws Error when a record before the last is damaged
 */
export function openJournal(path: string, options: JournalOptions = {}): Journal {
  const { compactLeast = compactLeastBytes } = options;
  const fresh = `${path}.new`;
  const places = new Map<string, Place>();
  let pending = new Map<string, Uint8Array | undefined>();
  let end = 0;
  /** Bytes of the file that still say something. */
  let live = 0;
  // A file that was being written anew when all ended: the old one stands.
  rmSync(fresh, { force: true });
  const isNew = !existsSync(path);
  let file = openSync(path, isNew ? 'w+' : 'r+', 0o600);
  if (isNew) syncFolder(path);
  else load();

  function load(): void {
    const bytes = readFileSync(path);
    while (end < bytes.length) {
      const record = recordAt(bytes, end);
      if (!record) {
        if (!isLast(bytes, end)) throw new Error(`${path}: damaged at byte ${end}`);
        ftruncateSync(file, end);
        break;
      }
      apply(record, end + headBytes + sumBytes);
      end += headBytes + sumBytes + record.length;
    }
  }

  function apply(record: Uint8Array, start: number): void {
    for (const [key, at, length] of deserializeIndex(record)) {
      const before = places.get(key);
      if (before) live -= weightOf(key, before.length);
      if (length < 0) places.delete(key);
      else places.set(key, { at: start + at, length });
      if (length >= 0) live += weightOf(key, length);
    }
  }

  /** Writes one record at a place of a file, and answers its body. */
  function append(to: number, changes: readonly Change[], at: number): Buffer {
    const record = encodeChanges(changes);
    const sum = createHash('sha256').update(record).digest().subarray(0, sumBytes);
    const length = Buffer.alloc(headBytes);
    length.writeUInt32BE(record.length);
    const bytes = Buffer.concat([length, sum, record]);
    writeSync(to, bytes, 0, bytes.length, at);
    return record;
  }

  /** The new file takes the name of the old one only when all of it is on the disk. */
  function compact(): void {
    const next = openSync(fresh, 'w+', 0o600);
    let written = 0;
    for (const changes of chunks()) {
      written += headBytes + sumBytes + append(next, changes, written).length;
    }
    fsyncSync(next);
    renameSync(fresh, path);
    syncFolder(path);
    closeSync(file);
    file = next;
    places.clear();
    live = 0;
    end = 0;
    load();
  }

  /** Everything that is there, in lists of a bearable length. */
  function* chunks(): Iterable<readonly Change[]> {
    let some: Change[] = [];
    let weight = 0;
    for (const [key, place] of places) {
      const bytes = bytesAt(place);
      some.push([key, bytes]);
      weight += weightOf(key, bytes.length);
      if (weight < chunkBytes) continue;
      yield some;
      some = [];
      weight = 0;
    }
    if (some.length > 0) yield some;
  }

  function bytesAt({ at, length }: Place): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(file, bytes, 0, length, at) !== length) throw new Error(`${path} is cut off`);
    return bytes;
  }

  function get(key: string): unknown {
    if (pending.has(key)) {
      const bytes = pending.get(key);
      return bytes && deserialize(bytes);
    }
    const place = places.get(key);
    return place && deserialize(bytesAt(place));
  }

  return {
    get,
    put: (key, value) => void pending.set(key, serialize(value)),
    delete: (key) => void pending.set(key, undefined),
    list(prefix, limit = Number.POSITIVE_INFINITY, after = '') {
      const keys = new Set(places.keys());
      for (const [key, bytes] of pending) {
        if (bytes) keys.add(key);
        else keys.delete(key);
      }
      const found = [...keys].filter((key) => key.startsWith(prefix) && key > after).sort();
      return found.slice(0, limit).map((key) => [key, get(key)] as const);
    },
    commit() {
      if (pending.size === 0) return;
      const record = append(file, [...pending], end);
      fdatasyncSync(file);
      apply(record, end + headBytes + sumBytes);
      end += headBytes + sumBytes + record.length;
      pending = new Map();
      if (end > compactLeast && end > (1 + wasteMost) * live) compact();
    },
    compact() {
      this.commit();
      compact();
    },
    size: () => end,
    close: () => closeSync(file),
  };
}

function weightOf(key: string, length: number): number {
  return changeBytes + Buffer.byteLength(key) + length;
}

function encodeChanges(changes: readonly Change[]): Buffer {
  const parts: Buffer[] = [];
  for (const [key, value] of changes) {
    const name = Buffer.from(key);
    const head = Buffer.alloc(changeBytes);
    head.writeUInt32BE(name.length, 0);
    head.writeInt32BE(value ? value.length : -1, 4);
    parts.push(head, name, Buffer.from(value ?? new Uint8Array()));
  }
  return Buffer.concat(parts);
}

/** The changes of a record: key, where the value begins in it, its length or -1 for a deletion. */
function* deserializeIndex(record: Uint8Array): Iterable<readonly [string, number, number]> {
  const bytes = Buffer.from(record.buffer, record.byteOffset, record.length);
  for (let at = 0; at < bytes.length; ) {
    const nameLength = bytes.readUInt32BE(at);
    const length = bytes.readInt32BE(at + 4);
    const value = at + changeBytes + nameLength;
    yield [bytes.toString('utf8', at + changeBytes, value), value, length];
    at = value + Math.max(0, length);
  }
}

function recordAt(bytes: Buffer, at: number): Buffer | undefined {
  const start = at + headBytes + sumBytes;
  if (start > bytes.length) return undefined;
  const length = bytes.readUInt32BE(at);
  if (start + length > bytes.length) return undefined;
  const record = bytes.subarray(start, start + length);
  const sum = createHash('sha256').update(record).digest().subarray(0, sumBytes);
  return sum.equals(bytes.subarray(at + headBytes, start)) ? record : undefined;
}

/** Whether no whole record follows a broken one: then it was being written when all ended. */
function isLast(bytes: Buffer, at: number): boolean {
  if (at + headBytes > bytes.length) return true;
  const next = at + headBytes + sumBytes + bytes.readUInt32BE(at);
  return next >= bytes.length;
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
