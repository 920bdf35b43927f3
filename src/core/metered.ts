import { SealError } from './seal-error.ts';

/**
 * Bounds the work of a foreign WebAssembly module: every entry of a function and every turn of a loop
 * takes one step off a counter that the host sets, and when none is left the module traps. Neither a
 * clock nor a second thread is needed, so the same input ends at the same step on every machine,
 * and in workerd too, where the module is metered before it is deployed.
 *
 * The binary is rewritten as the WebAssembly Core Specification 2.0, chapter 5 (binary format), lays
 * it out; nothing in it moves but the code that is put in. What is no such binary, or uses an
 * instruction that is not known here, is refused.
 */

/** Name under which the counter, a mutable i64 global, is exported. */
export const STEPS = 'cinnabar_steps';

/** What there is before the host sets any: enough for a module to prepare itself when it starts. */
const FIRST_STEPS = 1_000_000;

const refusal = (why: string) => new SealError('core_failed', `The vendor module ${why}.`);

class Reader {
  readonly bytes: Uint8Array;
  at: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isDone(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.isDone) throw refusal('is cut off');
    return this.bytes[this.at++] ?? 0;
  }

  /** Unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw refusal('holds a number that is too long');
  }

  /** Passes over a LEB128 number of any sign. */
  number(): void {
    for (let k = 0; k < 10; k++) if (this.byte() < 128) return;
    throw refusal('holds a number that is too long');
  }

  skip(count: number): void {
    if (count > this.end - this.at) throw refusal('is cut off');
    this.at += count;
  }
}

function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** Of a number that is not negative. */
function signedLeb(value: number): number[] {
  const bytes = leb(value);
  const last = bytes.at(-1) ?? 0;
  // The highest bit of the last byte is the sign.
  return last < 64 ? bytes : [...bytes.slice(0, -1), last + 128, 0];
}

interface Section {
  readonly id: number;
  readonly body: Uint8Array;
}

function sectionsOf(bytes: Uint8Array): Section[] {
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (!magic.every((byte, i) => bytes[i] === byte)) throw refusal('is no WebAssembly');
  const reader = new Reader(bytes, 8);
  const sections: Section[] = [];
  while (!reader.isDone) {
    const id = reader.byte();
    const size = reader.u32();
    const from = reader.at;
    reader.skip(size);
    sections.push({ id, body: bytes.subarray(from, from + size) });
  }
  return sections;
}

const TYPE = 1;
const IMPORT = 2;
const FUNCTION = 3;
const GLOBAL = 6;
const EXPORT = 7;
const CODE = 10;

/** How many functions are imported, which come before the module's own. */
function importedFunctions(body: Uint8Array | undefined): number {
  if (!body) return 0;
  const reader = new Reader(body);
  const count = reader.u32();
  for (let left = count; left > 0; left--) {
    reader.skip(reader.u32());
    reader.skip(reader.u32());
    if (reader.byte() !== 0) throw refusal('imports more than functions');
    reader.u32();
  }
  return count;
}

const countOf = (body: Uint8Array | undefined) => (body ? new Reader(body).u32() : 0);

/** Immediates of the instructions, by opcode: how to pass over them. */
function passImmediates(reader: Reader, opcode: number): void {
  if (opcode === 0x0e) {
    for (let left = reader.u32(); left >= 0; left--) reader.u32();
  } else if (opcode === 0x1c) {
    reader.skip(reader.u32());
  } else if (opcode === 0x11 || (opcode >= 0x28 && opcode <= 0x3e)) {
    reader.number();
    reader.number();
  } else if ((opcode >= 0x02 && opcode <= 0x04) || opcode === 0x41 || opcode === 0x42) {
    // A block's type is a number of 33 bits, one byte for the simple ones.
    reader.number();
  } else if (opcode === 0x43) reader.skip(4);
  else if (opcode === 0x44) reader.skip(8);
  else if (opcode === 0xfc) passBulk(reader, reader.u32());
  else if (opcode === 0xfd) passVector(reader, reader.u32());
  else if (hasIndex.has(opcode)) reader.u32();
  else if (!(opcode <= 0x01 || isPlain(opcode))) {
    throw refusal(`uses an instruction that is not known here (${opcode.toString(16)})`);
  }
}

/** Branches, calls, locals, globals, tables, the size of memory, ref.null and ref.func. */
const hasIndex = new Set([
  0x0c, 0x0d, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x3f, 0x40, 0xd0, 0xd2,
]);

/** else, end, return, drop, select, arithmetic, ref.is_null. */
function isPlain(opcode: number): boolean {
  if (opcode === 0x05 || opcode === 0x0b || opcode === 0x0f || opcode === 0xd1) return true;
  return opcode === 0x1a || opcode === 0x1b || (opcode >= 0x45 && opcode <= 0xc4);
}

function passBulk(reader: Reader, which: number): void {
  if (which <= 7) return;
  // Tables need not change.
  if (which > 11) throw refusal('uses an instruction that is not known here (fc)');
  for (let left = which === MEMORY_INIT || which === MEMORY_COPY ? 2 : 1; left > 0; left--) {
    reader.u32();
  }
}

const MEMORY_INIT = 8;
const MEMORY_COPY = 10;
const MEMORY_FILL = 11;

function passVector(reader: Reader, which: number): void {
  // Relaxed instructions differ between machines; they begin at 256.
  if (which >= 256) throw refusal('uses an instruction that is not known here (fd)');
  const isMemory = which <= 11 || which === 92 || which === 93;
  const isLaneOfMemory = which >= 84 && which <= 91;
  if (isMemory || isLaneOfMemory) {
    reader.number();
    reader.number();
  }
  if (which === 12 || which === 13) reader.skip(16);
  if (isLaneOfMemory || (which >= 21 && which <= 34)) reader.skip(1);
}

/** Traps when the counter has fallen below zero. */
const trapBelowZero = (index: readonly number[]) => [
  ...[0x23, ...index, 0x42, 0, 0x53],
  ...[0x04, 0x40, 0x00, 0x0b],
];

/** Takes one step: global.get, i64.const 1, i64.sub, global.set. */
function stepCode(index: readonly number[]): Uint8Array {
  return Uint8Array.from([0x23, ...index, 0x42, 1, 0x7d, 0x24, ...index, ...trapBelowZero(index)]);
}

/**
 * Body of a function that gives back its argument, the length of a copy, after taking a step for
 * every 64 bytes of it: i64.extend_i32_u, i64.shr_u.
 */
function chargeCode(index: readonly number[]): number[] {
  const cost = [0x20, 0, 0xad, 0x42, 6, 0x88];
  return [0, 0x23, ...index, ...cost, 0x7d, 0x24, ...index, ...trapBelowZero(index), 0x20, 0, 0x0b];
}

interface Meter {
  readonly step: Uint8Array;
  /** Calls the function above. */
  readonly charge: Uint8Array;
}

function meteredBody(body: Uint8Array, { step, charge }: Meter): Uint8Array {
  const reader = new Reader(body);
  for (let left = reader.u32(); left > 0; left--) {
    reader.u32();
    reader.skip(1);
  }
  const parts: Uint8Array[] = [body.subarray(0, reader.at), step];
  let from = reader.at;
  const putIn = (at: number, code: Uint8Array) => {
    parts.push(body.subarray(from, at), code);
    from = at;
  };
  while (!reader.isDone) {
    const start = reader.at;
    const opcode = reader.byte();
    passImmediates(reader, opcode);
    if (opcode === 0x03) putIn(reader.at, step);
    if (opcode !== 0xfc) continue;
    const which = new Reader(body, start + 1).u32();
    if (which === MEMORY_INIT || which === MEMORY_COPY || which === MEMORY_FILL) {
      putIn(start, charge);
    }
  }
  parts.push(body.subarray(from));
  return joined(parts);
}

function meteredCode(body: Uint8Array, meter: Meter, own: readonly number[]): Uint8Array {
  const reader = new Reader(body);
  const count = reader.u32();
  const parts: Uint8Array[] = [Uint8Array.from(leb(count + 1))];
  for (let k = 0; k < count; k++) {
    const size = reader.u32();
    const from = reader.at;
    reader.skip(size);
    const changed = meteredBody(body.subarray(from, from + size), meter);
    parts.push(Uint8Array.from(leb(changed.length)), changed);
  }
  parts.push(Uint8Array.from([...leb(own.length), ...own]));
  return joined(parts);
}

/** A vector section with one entry more. */
function withEntry(body: Uint8Array | undefined, entry: readonly number[]): Uint8Array {
  const reader = new Reader(body ?? Uint8Array.of(0));
  const count = reader.u32();
  const rest = reader.bytes.subarray(reader.at);
  return joined([Uint8Array.from(leb(count + 1)), rest, Uint8Array.from(entry)]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Rank of a section in a module; the count of data segments (12) stands before the code. */
const rankOf = (id: number) => (id === 12 ? 9.5 : id);

/**
 * The module with a counter of steps in it; a host that sets none gets hardly anything done.
 *
 * @throws SealError `core_failed` for bytes that are no module, and for what cannot be metered
 */
export function metered(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(bytes);
  const bodyOf = (id: number) => sections.find((section) => section.id === id)?.body;
  const code = bodyOf(CODE);
  if (!code) throw refusal('holds no code');
  const index = leb(countOf(bodyOf(GLOBAL)));
  const charger = importedFunctions(bodyOf(IMPORT)) + countOf(bodyOf(FUNCTION));
  const meter = { step: stepCode(index), charge: Uint8Array.of(0x10, ...leb(charger)) };
  const name = new TextEncoder().encode(STEPS);
  const changed = new Map<number, Uint8Array>([
    // i32 to i32; that function; a mutable i64; its name.
    [TYPE, withEntry(bodyOf(TYPE), [0x60, 1, 0x7f, 1, 0x7f])],
    [FUNCTION, withEntry(bodyOf(FUNCTION), leb(countOf(bodyOf(TYPE))))],
    [GLOBAL, withEntry(bodyOf(GLOBAL), [0x7e, 1, 0x42, ...signedLeb(FIRST_STEPS), 0x0b])],
    [EXPORT, withEntry(bodyOf(EXPORT), [...leb(name.length), ...name, 3, ...index])],
    [CODE, meteredCode(code, meter, chargeCode(index))],
  ]);
  // Custom sections (0) tell of names and places that no longer hold.
  const kept = sections.filter(({ id }) => id !== 0 && !changed.has(id));
  const all = [...kept, ...[...changed].map(([id, body]) => ({ id, body }))].sort(
    (a, b) => rankOf(a.id) - rankOf(b.id),
  );
  const parts = all.flatMap(({ id, body }) => [Uint8Array.of(id, ...leb(body.length)), body]);
  return joined([bytes.subarray(0, 8), ...parts]);
}
