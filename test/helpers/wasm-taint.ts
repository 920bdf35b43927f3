// Executes a WebAssembly module while following which bits depend on secrets, and reports every
// place where such a bit could be seen from outside by its timing: the condition of a branch or of
// `select`, the address or length of a memory access, the operands of a division, the index of an
// indirect call.
//
// Each byte of memory and each value carries one mark, "depends on a secret". A result is marked if
// any operand is, so marks spread too far rather than not far enough (x ^ x stays marked). If a run
// reports nothing, its path and its addresses did not depend on marked bytes, so every other secret
// with the same public inputs takes the same path over the same addresses: one run speaks for all
// of them. It says nothing about other public inputs (lengths), about what an engine's compiler
// makes of the module, or about instructions whose own time varies (multiplication is taken as
// constant).

const UNSUPPORTED = 'this instruction is not known here';

export type LeakKind = 'branch' | 'select' | 'address' | 'length' | 'division' | 'index';

/** One instruction that saw a marked value, and how often it did. */
export interface Leak {
  readonly kind: LeakKind;
  /** Index of the function in the module, and place of the instruction in the file. */
  readonly site: string;
  count: number;
}

type Value = number | bigint | Uint8Array | undefined;

export interface TaintedModule {
  /** Calls an export with numbers that are public. */
  call(name: string, ...parameters: number[]): number;
  readonly memory: Uint8Array;
  /** One byte for each byte of memory; not zero means it depends on a secret. */
  readonly marks: Uint8Array;
  /** Everything reported since the last `forget`. */
  leaks(): Leak[];
  forget(): void;
  readonly exports: readonly string[];
}

class Bytes {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  u8(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Error('the module is cut off');
    this.at++;
    return byte;
  }

  u32(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  signed(bits: number): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(Math.min(bits, Number(shift) + 7), value);
    }
  }

  take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.slice(this.at - length, this.at);
  }

  name(): string {
    return new TextDecoder().decode(this.take(this.u32()));
  }

  list<T>(read: () => T): T[] {
    return Array.from({ length: this.u32() }, read);
  }
}

interface Signature {
  readonly parameters: number[];
  readonly results: number[];
}

interface Parsed {
  readonly types: Signature[];
  readonly functions: { readonly type: number; readonly imported: boolean }[];
  readonly globals: Value[];
  readonly exports: Map<string, number>;
  readonly bodies: { readonly start: number; readonly end: number }[];
  readonly data: { readonly at: number; readonly bytes: Uint8Array }[];
  readonly table: number[];
  pages: number;
}

function constantOf(reader: Bytes): Value {
  const opcode = reader.u8();
  let value: Value;
  if (opcode === 0x41) value = Number(reader.signed(32));
  else if (opcode === 0x42) value = reader.signed(64);
  else throw new Error(UNSUPPORTED);
  if (reader.u8() !== 0x0b) throw new Error(UNSUPPORTED);
  return value;
}

function parse(bytes: Uint8Array): Parsed {
  const reader = new Bytes(bytes, 8);
  const parsed: Parsed = {
    types: [],
    functions: [],
    globals: [],
    exports: new Map(),
    bodies: [],
    data: [],
    table: [],
    pages: 0,
  };
  const limits = () => {
    const flags = reader.u8();
    const least = reader.u32();
    if (flags & 1) reader.u32();
    return least;
  };
  const sections: Record<number, () => void> = {
    1: () => {
      reader.list(() => {
        reader.u8();
        parsed.types.push({
          parameters: reader.list(() => reader.u8()),
          results: reader.list(() => reader.u8()),
        });
      });
    },
    2: () => {
      reader.list(() => {
        reader.name();
        reader.name();
        if (reader.u8() !== 0) throw new Error(UNSUPPORTED);
        parsed.functions.push({ type: reader.u32(), imported: true });
      });
    },
    3: () => {
      reader.list(() => parsed.functions.push({ type: reader.u32(), imported: false }));
    },
    5: () => {
      reader.list(() => {
        parsed.pages = limits();
      });
    },
    6: () => {
      reader.list(() => {
        reader.u8();
        reader.u8();
        parsed.globals.push(constantOf(reader));
      });
    },
    7: () => {
      reader.list(() => {
        const name = reader.name();
        const kind = reader.u8();
        const index = reader.u32();
        if (kind === 0) parsed.exports.set(name, index);
      });
    },
    9: () => {
      reader.list(() => {
        if (reader.u32() !== 0) throw new Error(UNSUPPORTED);
        const offset = Number(constantOf(reader));
        for (const index of reader.list(() => reader.u32())) {
          parsed.table[offset + parsed.table.length] = index;
        }
      });
    },
    10: () => {
      reader.list(() => {
        const size = reader.u32();
        parsed.bodies.push({ start: reader.at, end: reader.at + size });
        reader.at += size;
      });
    },
    11: () => {
      reader.list(() => {
        if (reader.u32() !== 0) throw new Error(UNSUPPORTED);
        parsed.data.push({ at: Number(constantOf(reader)), bytes: reader.take(reader.u32()) });
      });
    },
  };
  while (reader.at < bytes.length) {
    const section = reader.u8();
    const size = reader.u32();
    const end = reader.at + size;
    sections[section]?.();
    reader.at = end;
  }
  return parsed;
}

// Expressions over a, b, c: numbers for i32 (signed), bigint for i64 (signed).
const u = (x: string) => `BigInt.asUintN(64,${x})`;
const s = (x: string) => `BigInt.asIntN(64,${x})`;
const flag = (x: string) => `(${x}?1:0)`;
const UNARY: Record<number, string> = {
  69: flag('a===0'),
  80: flag('a===0n'),
  103: 'Math.clz32(a)',
  104: '(a===0?32:31-Math.clz32(a&-a))',
  167: 'Number(BigInt.asIntN(32,a))',
  172: 'BigInt(a)',
  173: 'BigInt(a>>>0)',
  192: '(a<<24>>24)',
  193: '(a<<16>>16)',
  194: 'BigInt.asIntN(8,a)',
  195: 'BigInt.asIntN(16,a)',
  196: 'BigInt.asIntN(32,a)',
};
const BINARY: Record<number, string> = {
  70: flag('a===b'),
  71: flag('a!==b'),
  72: flag('a<b'),
  73: flag('(a>>>0)<(b>>>0)'),
  74: flag('a>b'),
  75: flag('(a>>>0)>(b>>>0)'),
  76: flag('a<=b'),
  77: flag('(a>>>0)<=(b>>>0)'),
  78: flag('a>=b'),
  79: flag('(a>>>0)>=(b>>>0)'),
  81: flag('a===b'),
  82: flag('a!==b'),
  83: flag('a<b'),
  84: flag(`${u('a')}<${u('b')}`),
  85: flag('a>b'),
  86: flag(`${u('a')}>${u('b')}`),
  87: flag('a<=b'),
  88: flag(`${u('a')}<=${u('b')}`),
  89: flag('a>=b'),
  90: flag(`${u('a')}>=${u('b')}`),
  106: '(a+b|0)',
  107: '(a-b|0)',
  108: 'Math.imul(a,b)',
  109: '(a/b|0)',
  110: '((a>>>0)/(b>>>0)|0)',
  111: '(a%b|0)',
  112: '((a>>>0)%(b>>>0)|0)',
  113: '(a&b)',
  114: '(a|b)',
  115: '(a^b)',
  116: '(a<<b)',
  117: '(a>>b)',
  118: '(a>>>b|0)',
  119: '((a<<b)|(a>>>(32-b&31))&-(b&31?1:0))',
  120: '((a>>>b)|(a<<(32-b&31))&-(b&31?1:0)|0)',
  124: s('a+b'),
  125: s('a-b'),
  126: s('a*b'),
  127: s('a/b'),
  128: s(`${u('a')}/${u('b')}`),
  129: s('a%b'),
  130: s(`${u('a')}%${u('b')}`),
  131: '(a&b)',
  132: '(a|b)',
  133: '(a^b)',
  134: s('a<<(b&63n)'),
  135: '(a>>(b&63n))',
  136: s(`${u('a')}>>(b&63n)`),
  137: s(`(${u('a')}<<(b&63n))|(${u('a')}>>((64n-b)&63n))`),
  138: s(`(${u('a')}>>(b&63n))|(${u('a')}<<((64n-b)&63n))`),
};
const DIVISIONS = new Set([0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82]);
const LOADS: Record<number, [size: number, expression: string]> = {
  40: [4, 'V.getInt32(p,true)'],
  41: [8, 'V.getBigInt64(p,true)'],
  44: [1, 'V.getInt8(p)'],
  45: [1, 'V.getUint8(p)'],
  46: [2, 'V.getInt16(p,true)'],
  47: [2, 'V.getUint16(p,true)'],
  48: [1, 'BigInt(V.getInt8(p))'],
  49: [1, 'BigInt(V.getUint8(p))'],
  50: [2, 'BigInt(V.getInt16(p,true))'],
  51: [2, 'BigInt(V.getUint16(p,true))'],
  52: [4, 'BigInt(V.getInt32(p,true))'],
  53: [4, 'BigInt(V.getUint32(p,true))'],
};
const STORES: Record<number, [size: number, statement: string]> = {
  54: [4, 'V.setInt32(p,a,true)'],
  55: [8, 'V.setBigInt64(p,a,true)'],
  58: [1, 'V.setInt8(p,a)'],
  59: [2, 'V.setInt16(p,a,true)'],
  60: [1, 'V.setInt8(p,Number(a&255n))'],
  61: [2, 'V.setInt16(p,Number(a&65535n),true)'],
  62: [4, 'V.setInt32(p,Number(BigInt.asIntN(32,a)),true)'],
};

type Lane = 'i8' | 'i16' | 'i32' | 'i64';
const WIDTH: Record<Lane, number> = { i8: 1, i16: 2, i32: 4, i64: 8 };
const BITS: Record<Lane, number> = { i8: 8, i16: 16, i32: 32, i64: 64 };

function lanesOf(vector: Uint8Array, lane: Lane): bigint[] {
  const width = WIDTH[lane];
  return Array.from({ length: 16 / width }, (_, i) => {
    let value = 0n;
    for (let k = width - 1; k >= 0; k--) {
      value = (value << 8n) | BigInt(vector[width * i + k] ?? 0);
    }
    return BigInt.asIntN(8 * width, value);
  });
}

function fromLanes(values: bigint[], lane: Lane): Uint8Array {
  const width = WIDTH[lane];
  const vector = new Uint8Array(16);
  values.forEach((value, i) => {
    for (let k = 0; k < width; k++) vector[width * i + k] = Number((value >> BigInt(8 * k)) & 255n);
  });
  return vector;
}

function perLane(lane: Lane, f: (a: bigint, b: bigint) => bigint) {
  return (a: Uint8Array, b: Uint8Array) => {
    const right = lanesOf(b, lane);
    return fromLanes(
      lanesOf(a, lane).map((x, i) => f(x, right[i] ?? 0n)),
      lane,
    );
  };
}

function shift(lane: Lane, f: (a: bigint, by: bigint) => bigint) {
  return (a: Uint8Array, by: number) => {
    const amount = BigInt(by & (BITS[lane] - 1));
    return fromLanes(
      lanesOf(a, lane).map((x) => f(x, amount)),
      lane,
    );
  };
}

const unsigned = (lane: Lane, x: bigint) => BigInt.asUintN(BITS[lane], x);
const all = (isTrue: boolean) => (isTrue ? -1n : 0n);
const bytewise = (f: (a: number, b: number) => number) => (a: Uint8Array, b: Uint8Array) =>
  a.map((x, i) => f(x, b[i] ?? 0));

type VectorOperation = (a: Uint8Array, b: Uint8Array) => Uint8Array;
const VECTOR_BINARY: Record<number, VectorOperation> = {
  14: (a, b) => b.map((i) => (i < 16 ? (a[i] ?? 0) : 0)),
  78: bytewise((a, b) => a & b),
  79: bytewise((a, b) => a & ~b),
  80: bytewise((a, b) => a | b),
  81: bytewise((a, b) => a ^ b),
};
const VECTOR_SHIFT: Record<number, (a: Uint8Array, by: number) => Uint8Array> = {};
const families: [Lane, eq: number, shl: number, add: number, sub: number, mul: number][] = [
  ['i8', 35, 107, 110, 113, -1],
  ['i16', 45, 139, 142, 145, 149],
  ['i32', 55, 171, 174, 177, 181],
  ['i64', 214, 203, 206, 209, 213],
];
for (const [lane, eq, shl, add, sub, mul] of families) {
  VECTOR_BINARY[eq] = perLane(lane, (a, b) => all(a === b));
  VECTOR_BINARY[eq + 1] = perLane(lane, (a, b) => all(a !== b));
  VECTOR_BINARY[add] = perLane(lane, (a, b) => a + b);
  VECTOR_BINARY[sub] = perLane(lane, (a, b) => a - b);
  if (mul > 0) VECTOR_BINARY[mul] = perLane(lane, (a, b) => a * b);
  VECTOR_SHIFT[shl] = shift(lane, (a, by) => a << by);
  VECTOR_SHIFT[shl + 1] = shift(lane, (a, by) => a >> by);
  VECTOR_SHIFT[shl + 2] = shift(lane, (a, by) => unsigned(lane, a) >> by);
  if (lane === 'i64') continue;
  VECTOR_BINARY[eq + 2] = perLane(lane, (a, b) => all(a < b));
  VECTOR_BINARY[eq + 3] = perLane(lane, (a, b) => all(unsigned(lane, a) < unsigned(lane, b)));
  VECTOR_BINARY[eq + 4] = perLane(lane, (a, b) => all(a > b));
  VECTOR_BINARY[eq + 5] = perLane(lane, (a, b) => all(unsigned(lane, a) > unsigned(lane, b)));
}
function wideProduct(from: number, isSigned: boolean): VectorOperation {
  const read = (x: bigint | undefined) => (isSigned ? (x ?? 0n) : unsigned('i32', x ?? 0n));
  return (a, b) => {
    const left = lanesOf(a, 'i32');
    const right = lanesOf(b, 'i32');
    return fromLanes(
      [0, 1].map((i) => read(left[from + i]) * read(right[from + i])),
      'i64',
    );
  };
}
VECTOR_BINARY[220] = wideProduct(0, true);
VECTOR_BINARY[221] = wideProduct(2, true);
VECTOR_BINARY[222] = wideProduct(0, false);
VECTOR_BINARY[223] = wideProduct(2, false);

const SPLAT: Record<number, Lane> = { 15: 'i8', 16: 'i16', 17: 'i32', 18: 'i64' };
const LOAD_SPLAT: Record<number, Lane> = { 7: 'i8', 8: 'i16', 9: 'i32', 10: 'i64' };
const EXTRACT: Record<number, [Lane, boolean]> = {
  21: ['i8', true],
  22: ['i8', false],
  24: ['i16', true],
  25: ['i16', false],
  27: ['i32', true],
  29: ['i64', true],
};
const REPLACE: Record<number, Lane> = { 23: 'i8', 26: 'i16', 28: 'i32', 30: 'i64' };

/** Helpers that the translated functions call for vectors. */
const vectors = {
  binary: (operation: number, a: Uint8Array, b: Uint8Array) => VECTOR_BINARY[operation]?.(a, b),
  shift: (operation: number, a: Uint8Array, by: number) => VECTOR_SHIFT[operation]?.(a, by),
  not: (a: Uint8Array) => a.map((x) => ~x),
  select: (a: Uint8Array, b: Uint8Array, mask: Uint8Array) =>
    a.map((x, i) => (x & (mask[i] ?? 0)) | ((b[i] ?? 0) & ~(mask[i] ?? 0))),
  shuffle: (a: Uint8Array, b: Uint8Array, picks: number[]) =>
    Uint8Array.from(picks, (i) => (i < 16 ? a[i] : b[i - 16]) ?? 0),
  splat: (lane: Lane, x: number | bigint) =>
    fromLanes(
      Array.from({ length: 16 / WIDTH[lane] }, () => BigInt(x)),
      lane,
    ),
  splatBytes: (bytes: Uint8Array) =>
    Uint8Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length] ?? 0),
  extract: (lane: Lane, isSigned: boolean, a: Uint8Array, i: number) => {
    const x = lanesOf(a, lane)[i] ?? 0n;
    if (lane === 'i64') return x;
    return Number(isSigned ? x : unsigned(lane, x));
  },
  replace: (lane: Lane, a: Uint8Array, x: number | bigint, i: number) => {
    const values = lanesOf(a, lane);
    values[i] = BigInt(x);
    return fromLanes(values, lane);
  },
  anyTrue: (a: Uint8Array) => (a.some((x) => x !== 0) ? 1 : 0),
  bitmask: (a: Uint8Array) => a.reduce((sum, x, i) => sum | ((x >> 7) << i), 0),
};

interface Frame {
  readonly kind: 'block' | 'loop' | 'if';
  readonly label: string;
  readonly height: number;
  readonly arity: number;
  /** Whether the code around this frame can be reached at all. */
  readonly live: boolean;
}

/** Translates one function body into JavaScript that computes values and marks side by side. */
class Translator {
  readonly #module: Parsed;
  readonly #index: number;
  readonly #reader: Bytes;
  readonly #end: number;
  readonly #lines: string[] = [];
  readonly #frames: Frame[] = [];
  #height = 0;
  #most = 0;
  #live = true;
  #labels = 0;

  constructor(module: Parsed, index: number, bytes: Uint8Array, start: number, end: number) {
    this.#module = module;
    this.#index = index;
    this.#reader = new Bytes(bytes, start);
    this.#end = end;
  }

  #emit(line: string): void {
    if (this.#live) this.#lines.push(line);
  }

  #push(expression: string, mark: string): void {
    this.#emit(`{const v=${expression},m=${mark};s${this.#height}=v;q${this.#height}=m;}`);
    this.#height++;
    this.#most = Math.max(this.#most, this.#height);
  }

  #pop(): number {
    if (this.#live) this.#height--;
    return this.#height;
  }

  #report(kind: LeakKind, mark: string, at: number): void {
    this.#emit(`if(${mark})L('${kind}','${this.#index}+${at}');`);
  }

  #signature(index: number): Signature {
    const type = this.#module.types[this.#module.functions[index]?.type ?? -1];
    if (!type) throw new Error('the module names a function that it has not');
    return type;
  }

  #open(kind: Frame['kind'], at: number): void {
    const type = this.#reader.u8();
    const arity = type === 0x40 ? 0 : 1;
    if (type < 0x40) throw new Error(UNSUPPORTED);
    let condition = 0;
    if (kind === 'if') {
      condition = this.#pop();
      this.#report('branch', `q${condition}`, at);
    }
    const label = `B${this.#labels++}`;
    this.#frames.push({ kind, label, height: this.#height, arity, live: this.#live });
    if (kind === 'loop') this.#emit(`${label}:while(true){`);
    else if (kind === 'if') this.#emit(`${label}:{if(s${condition}){`);
    else this.#emit(`${label}:{`);
  }

  #close(): void {
    const frame = this.#frames.pop();
    if (!frame) return;
    this.#live = frame.live;
    this.#height = frame.height + frame.arity;
    this.#most = Math.max(this.#most, this.#height);
    if (frame.kind === 'loop') this.#emit(`break ${frame.label};}`);
    else if (frame.kind === 'if') this.#emit('}}');
    else this.#emit('}');
  }

  #else(): void {
    const frame = this.#frames.at(-1);
    if (!frame) throw new Error(UNSUPPORTED);
    this.#live = frame.live;
    this.#height = frame.height;
    this.#emit('}else{');
  }

  #jump(depth: number): string {
    const frame = this.#frames.at(-1 - depth);
    if (!frame) return this.#leave();
    if (frame.kind === 'loop') return `continue ${frame.label};`;
    const top = this.#height - 1;
    const carry =
      frame.arity > 0 && top !== frame.height
        ? `s${frame.height}=s${top};q${frame.height}=q${top};`
        : '';
    return `${carry}break ${frame.label};`;
  }

  #leave(): string {
    const { results } = this.#signature(this.#index);
    if (results.length === 0) return 'return;';
    return `R.m=q${this.#height - 1};return s${this.#height - 1};`;
  }

  #address(at: number): string {
    this.#reader.u32();
    const offset = this.#reader.u32();
    const pointer = this.#pop();
    this.#report('address', `q${pointer}`, at);
    return `(s${pointer}>>>0)+${offset}`;
  }

  #load(size: number, expression: string, at: number): void {
    const address = this.#address(at);
    this.#emit(`p=${address};`);
    this.#push(expression, `K(p,${size})`);
  }

  #store(size: number, statement: string, at: number): void {
    const value = this.#pop();
    const address = this.#address(at);
    this.#emit(`{p=${address};const a=s${value};${statement};W(p,${size},q${value});}`);
  }

  #unary(expression: string): void {
    const a = this.#pop();
    this.#push(`(a=>${expression})(s${a})`, `q${a}`);
  }

  #binary(expression: string): void {
    const b = this.#pop();
    const a = this.#pop();
    this.#push(
      expression.replace(/\b[ab]\b/g, (name) => `s${name === 'a' ? a : b}`),
      `q${a}|q${b}`,
    );
  }

  #call(signature: Signature, callee: string): void {
    const parameters: string[] = [];
    for (let i = 0; i < signature.parameters.length; i++) {
      const at = this.#pop();
      parameters.unshift(`s${at},q${at}`);
    }
    const call = `${callee}(${parameters.join(',')})`;
    if (signature.results.length > 0) this.#push(call, 'R.m');
    else this.#emit(`${call};`);
  }

  #memoryWide(at: number): void {
    const operation = this.#reader.u32();
    const length = this.#pop();
    const second = this.#pop();
    const target = this.#pop();
    this.#report('length', `q${length}`, at);
    this.#report('address', `q${target}`, at);
    if (operation === 10) {
      this.#reader.u8();
      this.#reader.u8();
      this.#report('address', `q${second}`, at);
      this.#emit(`M.copy(s${target}>>>0,s${second}>>>0,s${length}>>>0);`);
    } else if (operation === 11) {
      this.#reader.u8();
      this.#emit(`M.fill(s${target}>>>0,s${second},s${length}>>>0,q${second});`);
    } else {
      throw new Error(UNSUPPORTED);
    }
  }

  #vector(at: number): void {
    const operation = this.#reader.u32();
    const splatLoad = LOAD_SPLAT[operation];
    const splat = SPLAT[operation];
    const extract = EXTRACT[operation];
    const replace = REPLACE[operation];
    if (operation === 0) {
      this.#load(16, 'U.slice(p,p+16)', at);
    } else if (splatLoad) {
      const width = WIDTH[splatLoad];
      this.#load(width, `X.splatBytes(U.slice(p,p+${width}))`, at);
    } else if (operation === 11) {
      this.#store(16, 'U.set(a,p)', at);
    } else if (operation === 12) {
      this.#push(`Uint8Array.of(${this.#reader.take(16).join(',')})`, '0');
    } else if (operation === 13) {
      const picks = this.#reader.take(16).join(',');
      const b = this.#pop();
      const a = this.#pop();
      this.#push(`X.shuffle(s${a},s${b},[${picks}])`, `q${a}|q${b}`);
    } else if (splat) {
      const a = this.#pop();
      this.#push(`X.splat('${splat}',s${a})`, `q${a}`);
    } else if (extract) {
      const lane = this.#reader.u8();
      const a = this.#pop();
      this.#push(`X.extract('${extract[0]}',${extract[1]},s${a},${lane})`, `q${a}`);
    } else if (replace) {
      const lane = this.#reader.u8();
      const value = this.#pop();
      const a = this.#pop();
      this.#push(`X.replace('${replace}',s${a},s${value},${lane})`, `q${a}|q${value}`);
    } else if (operation === 77 || operation === 83 || operation === 100) {
      const a = this.#pop();
      const name = operation === 77 ? 'not' : operation === 83 ? 'anyTrue' : 'bitmask';
      this.#push(`X.${name}(s${a})`, `q${a}`);
    } else if (operation === 82) {
      const mask = this.#pop();
      const b = this.#pop();
      const a = this.#pop();
      this.#push(`X.select(s${a},s${b},s${mask})`, `q${a}|q${b}|q${mask}`);
    } else if (operation in VECTOR_SHIFT || operation in VECTOR_BINARY) {
      const b = this.#pop();
      const a = this.#pop();
      const name = operation in VECTOR_SHIFT ? 'shift' : 'binary';
      this.#push(`X.${name}(${operation},s${a},s${b})`, `q${a}|q${b}`);
    } else {
      throw new Error(`${UNSUPPORTED}: vector ${operation}`);
    }
  }

  #step(): void {
    const at = this.#reader.at;
    const opcode = this.#reader.u8();
    const unary = UNARY[opcode];
    const binary = BINARY[opcode];
    const load = LOADS[opcode];
    const store = STORES[opcode];
    if (unary) {
      this.#unary(unary);
      return;
    }
    if (binary) {
      if (DIVISIONS.has(opcode)) {
        this.#report('division', `q${this.#height - 1}|q${this.#height - 2}`, at);
      }
      this.#binary(binary);
      return;
    }
    if (load) {
      this.#load(load[0], load[1], at);
      return;
    }
    if (store) {
      this.#store(store[0], store[1], at);
      return;
    }
    switch (opcode) {
      case 0x00:
        this.#emit(`throw new Error('unreachable');`);
        this.#live = false;
        return;
      case 0x01:
        return;
      case 0x02:
        this.#open('block', at);
        return;
      case 0x03:
        this.#open('loop', at);
        return;
      case 0x04:
        this.#open('if', at);
        return;
      case 0x05:
        this.#else();
        return;
      case 0x0b:
        this.#close();
        return;
      case 0x0c:
        this.#emit(this.#jump(this.#reader.u32()));
        this.#live = false;
        return;
      case 0x0d: {
        const depth = this.#reader.u32();
        const condition = this.#pop();
        this.#report('branch', `q${condition}`, at);
        this.#emit(`if(s${condition}){${this.#live ? this.#jump(depth) : ''}}`);
        return;
      }
      case 0x0e: {
        const depths = this.#reader.list(() => this.#reader.u32());
        const otherwise = this.#reader.u32();
        const index = this.#pop();
        this.#report('branch', `q${index}`, at);
        const cases = depths.map(
          (depth, i) => `case ${i}:{${this.#live ? this.#jump(depth) : ''}}`,
        );
        this.#emit(`switch(s${index}){${cases.join('')}default:{${this.#jump(otherwise)}}}`);
        this.#live = false;
        return;
      }
      case 0x0f:
        this.#emit(this.#leave());
        this.#live = false;
        return;
      case 0x10: {
        const index = this.#reader.u32();
        this.#call(this.#signature(index), `f${index}`);
        return;
      }
      case 0x11: {
        const type = this.#module.types[this.#reader.u32()];
        this.#reader.u32();
        if (!type) throw new Error(UNSUPPORTED);
        const index = this.#pop();
        this.#report('index', `q${index}`, at);
        this.#call(type, `T[s${index}]`);
        return;
      }
      case 0x1a:
        this.#pop();
        return;
      case 0x1b: {
        const condition = this.#pop();
        const b = this.#pop();
        const a = this.#pop();
        this.#report('select', `q${condition}`, at);
        this.#push(`s${condition}?s${a}:s${b}`, `q${a}|q${b}|q${condition}`);
        return;
      }
      case 0x20: {
        const local = this.#reader.u32();
        this.#push(`l${local}`, `t${local}`);
        return;
      }
      case 0x21:
      case 0x22: {
        const local = this.#reader.u32();
        const value = opcode === 0x21 ? this.#pop() : this.#height - 1;
        this.#emit(`l${local}=s${value};t${local}=q${value};`);
        return;
      }
      case 0x23: {
        const global = this.#reader.u32();
        this.#push(`G[${global}]`, `H[${global}]`);
        return;
      }
      case 0x24: {
        const global = this.#reader.u32();
        const value = this.#pop();
        this.#emit(`G[${global}]=s${value};H[${global}]=q${value};`);
        return;
      }
      case 0x3f:
        this.#reader.u8();
        this.#push('U.length/65536', '0');
        return;
      case 0x41:
        this.#push(`${this.#reader.signed(32)}`, '0');
        return;
      case 0x42:
        this.#push(`${this.#reader.signed(64)}n`, '0');
        return;
      case 0xfc:
        this.#memoryWide(at);
        return;
      case 0xfd:
        this.#vector(at);
        return;
      default:
        throw new Error(`${UNSUPPORTED}: ${opcode.toString(16)}`);
    }
  }

  translate(): string {
    const { parameters } = this.#signature(this.#index);
    const locals: string[] = [];
    this.#reader.list(() => {
      const count = this.#reader.u32();
      const type = this.#reader.u8();
      const zero = type === 0x7e ? '0n' : type === 0x7b ? 'Z' : '0';
      for (let i = 0; i < count; i++) {
        const local = parameters.length + locals.length;
        locals.push(`l${local}=${zero},t${local}=0`);
      }
    });
    while (this.#reader.at < this.#end - 1) this.#step();
    if (this.#live) this.#lines.push(this.#leave());
    const slots = Array.from({ length: this.#most }, (_, i) => `s${i},q${i}`);
    const variables = ['p', ...locals, ...slots].join(',');
    const names = parameters.map((_, i) => `l${i},t${i}`).join(',');
    return `function f${this.#index}(${names}){let ${variables};${this.#lines.join('\n')}}`;
  }
}

/** Loads a module whose imports are never called. */
export function taintedModule(bytes: Uint8Array): TaintedModule {
  const parsed = parse(bytes);
  const memory = new Uint8Array(parsed.pages * 65536);
  const marks = new Uint8Array(memory.length);
  for (const { at, bytes: initial } of parsed.data) memory.set(initial, at);

  const found = new Map<string, Leak>();
  const leak = (kind: LeakKind, site: string) => {
    const known = found.get(site);
    if (known) known.count++;
    else found.set(site, { kind, site, count: 1 });
  };
  const bulk = {
    copy(to: number, from: number, length: number) {
      memory.copyWithin(to, from, from + length);
      marks.copyWithin(to, from, from + length);
    },
    fill(to: number, value: number, length: number, mark: number) {
      memory.fill(value, to, to + length);
      marks.fill(mark, to, to + length);
    },
  };
  const marked = (at: number, length: number) => {
    for (let i = 0; i < length; i++) if (marks[at + i]) return 1;
    return 0;
  };
  const mark = (at: number, length: number, value: number) => marks.fill(value, at, at + length);

  let body = 0;
  const sources = parsed.functions.map(({ imported }, index) => {
    if (imported) return `function f${index}(){throw new Error('an import was called')}`;
    const range = parsed.bodies[body++];
    if (!range) throw new Error('the module is cut off');
    return new Translator(parsed, index, bytes, range.start, range.end).translate();
  });
  const table = parsed.table.map((index) => `f${index}`).join(',');
  const names = [...parsed.exports].map(([name, index]) => `${JSON.stringify(name)}:f${index}`);
  const source = `"use strict";const T=[${table}];const Z=new Uint8Array(16);
${sources.join('\n')}
return {${names.join(',')}};`;
  const result = { m: 0 };
  // The text comes from the module under test alone, translated instruction by instruction.
  const make = new Function('L', 'K', 'W', 'M', 'U', 'V', 'X', 'G', 'H', 'R', source);
  const functions = make(
    leak,
    marked,
    mark,
    bulk,
    memory,
    new DataView(memory.buffer),
    vectors,
    parsed.globals,
    parsed.globals.map(() => 0),
    result,
  ) as Record<string, (...values: number[]) => number>;

  return {
    memory,
    marks,
    exports: [...parsed.exports.keys()],
    call(name, ...parameters) {
      const callee = functions[name];
      if (!callee) throw new Error(`the module has no export ${name}`);
      return callee(...parameters.flatMap((parameter) => [parameter, 0]));
    },
    leaks: () => [...found.values()],
    forget: () => found.clear(),
  };
}
