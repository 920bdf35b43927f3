// The tagger's network on the training kernels: embeddings, convolution over three positions,
// gated recurrence in both directions, one attention head, a dense layer, tags. One sequence at a
// time; gradients add up until `step`.
import type { TrainingKernels } from './kernels.ts';
import type { Random } from './random.ts';

/** Sizes of a network. Widths are multiples of 8, embeddings of 4. */
export interface Shape {
  /** Rows and width of the embedding of each channel, in the order of `Example.ids`. */
  readonly channels: readonly { readonly rows: number; readonly width: number }[];
  readonly convolution: number;
  readonly recurrence: number;
  readonly attention: number;
  readonly dense: number;
  /** Tags that exist, and the width of the output: the next multiple of 8. */
  readonly tags: number;
  readonly outputs: number;
}

/** Every tensor of the network with its size, in the order in which they lie in memory. */
export function tensorsOf(shape: Shape): [name: string, rows: number, columns: number][] {
  const input = shape.channels.reduce((sum, { width }) => sum + width, 0);
  const { convolution: c, recurrence: h, attention: a, dense, outputs } = shape;
  return [
    ...shape.channels.map(({ rows, width }, i): [string, number, number] => [
      `embedding${i}`,
      rows,
      width,
    ]),
    ['convolution', 3 * input, c],
    ['convolutionBias', 1, c],
    ...['forward', 'backward'].flatMap((d): [string, number, number][] => [
      [`${d}Input`, c, 3 * h],
      [`${d}InputBias`, 1, 3 * h],
      [`${d}Recurrent`, h, 3 * h],
      [`${d}RecurrentBias`, 1, 3 * h],
    ]),
    ['attention', 2 * h, 3 * a],
    ['attentionBias', 1, 3 * a],
    ['dense', 2 * h + a, dense],
    ['denseBias', 1, dense],
    ['output', dense, outputs],
    ['outputBias', 1, outputs],
  ];
}

/** One text: an id a position for every channel, and the tag of each position (255: not scored). */
export interface Example {
  readonly ids: readonly Uint16Array[];
  readonly tags: Uint8Array;
}

/** By multiplication alone: `**` may differ in the last place between engines. */
function power(base: number, exponent: number): number {
  let value = 1;
  for (let n = exponent, square = base; n > 0; n = Math.floor(n / 2), square *= square) {
    if (n % 2 === 1) value *= square;
  }
  return value;
}

export interface StepOptions {
  /** Learning rate. */
  readonly rate: number;
  /** Steps before this one. */
  readonly done: number;
  /** Largest norm of the gradient. */
  readonly clip: number;
  readonly decay: number;
  /** How much of the new weights goes into the running mean. */
  readonly meanShare: number;
}

export interface Network {
  readonly count: number;
  /** Draws the first weights. */
  initialise(random: Random): void;
  /** Forward and backward; `weight` scales the gradient. Returns the summed loss. */
  learn(example: Example, weight: number, dropout: number): number;
  /** Forward only: logits, `outputs` a position, valid until the next call. */
  infer(ids: readonly Uint16Array[]): Float32Array;
  step(options: StepOptions): number;
  /** Views, valid until memory grows; `mean` is what is kept in the end. */
  view(kind: 'weights' | 'gradients' | 'first' | 'second' | 'mean'): Float32Array;
  tensor(name: string, of?: 'weights' | 'gradients' | 'mean'): Float32Array;
  /** Lets `infer` use the running mean, or the weights again. */
  useMean(isMean: boolean): void;
}

export function network(k: TrainingKernels, shape: Shape, longest: number): Network {
  const tensors = tensorsOf(shape);
  const input = shape.channels.reduce((sum, { width }) => sum + width, 0);
  const { convolution: conv, recurrence: h, attention: att, dense, outputs } = shape;
  const count = tensors.reduce((sum, [, rows, columns]) => sum + rows * columns, 0);
  k.reset();
  const floats = (n: number) => {
    const address = k.reserve(n * 4);
    if (address === 0) throw new Error('the training module has no memory left');
    return address;
  };
  const bank = {
    weights: floats(count),
    gradients: floats(count),
    first: floats(count),
    second: floats(count),
    mean: floats(count),
  };
  const offsets = new Map<string, { offset: number; rows: number; columns: number }>();
  let at = 0;
  for (const [name, rows, columns] of tensors) {
    offsets.set(name, { offset: at * 4, rows, columns });
    at += rows * columns;
  }
  let current = bank.weights;
  const place = (name: string) => {
    const found = offsets.get(name);
    if (!found) throw new Error(`no tensor ${name}`);
    return found;
  };
  const w = (name: string) => current + place(name).offset;
  const g = (name: string) => bank.gradients + place(name).offset;

  const T = longest;
  const padded = (T + 7) & ~7;
  const joined = 2 * h + att;
  const buffer = {
    ids: k.reserve(shape.channels.length * T * 2 + 16),
    labels: k.reserve(T + 16),
    x: floats((T + 2) * input),
    dx: floats((T + 2) * input),
    xMask: floats((T + 2) * input),
    c: floats(T * conv),
    dc: floats(T * conv),
    gates: floats(T * 3 * h),
    dGates: floats(T * 3 * h),
    dSide: floats(T * 3 * h),
    saved: [floats(T * 4 * h), floats(T * 4 * h)] as const,
    j: floats(T * joined),
    dj: floats(T * joined),
    jMask: floats(T * joined),
    kept: floats(T * joined),
    qkv: floats(T * 3 * att),
    dQkv: floats(T * 3 * att),
    weights: floats(T * padded),
    scores: floats(T * padded),
    d: floats(T * dense),
    dd: floats(T * dense),
    o: floats(T * outputs),
    scratch: floats(Math.max(8 * h, att * padded, 1024)),
  };
  /** Transposed matrices, made again when the weights have changed. */
  const transposed = new Map<string, { readonly address: number; isStale: boolean }>();
  for (const [name, rows, columns] of tensors) {
    if (rows > 1 && !name.startsWith('embedding')) {
      transposed.set(name, { address: floats(rows * columns), isStale: true });
    }
  }
  const turned = (name: string): number => {
    const entry = transposed.get(name);
    if (!entry) throw new Error(`no matrix ${name}`);
    if (entry.isStale) {
      const { rows, columns } = place(name);
      k.transpose(rows, columns, w(name), entry.address);
      entry.isStale = false;
    }
    return entry.address;
  };
  const forgetTransposed = () => {
    for (const entry of transposed.values()) entry.isStale = true;
  };
  const memory8 = () => new Uint8Array(k.memory.buffer);
  const zero = (address: number, n: number) => memory8().fill(0, address, address + n * 4);
  const directions = ['forward', 'backward'] as const;

  const dense1 = (
    rows: number,
    name: string,
    x: number,
    xs: number,
    inner: number,
    columns: number,
    y: number,
    ys: number,
  ) => {
    k.setRows(rows, columns, w(`${name}Bias`), y, ys);
    k.product(rows, inner, columns, x, xs, 4, w(name), columns * 4, y, ys);
  };
  /** Adds the gradients of the weights, bias and input of a dense layer. */
  const dense1Back = (
    rows: number,
    name: string,
    x: number,
    xs: number,
    inner: number,
    columns: number,
    dy: number,
    dys: number,
    dx: number,
    dxs: number,
  ) => {
    k.product(inner, rows, columns, x, 4, xs, dy, dys, g(name), columns * 4);
    k.addRows(rows, columns, dy, dys, g(`${name}Bias`));
    k.product(rows, columns, inner, dy, dys, 4, turned(name), inner * 4, dx, dxs);
  };

  const forward = (ids: readonly Uint16Array[], dropout: number): number => {
    const length = ids[0]?.length ?? 0;
    if (length > T) throw new Error(`a text of ${length} is longer than ${T}`);
    const b = buffer;
    zero(b.x, (length + 2) * input);
    let column = 0;
    for (const [i, { width }] of shape.channels.entries()) {
      const list = b.ids + i * T * 2;
      new Uint16Array(k.memory.buffer, list, length).set(ids[i] ?? []);
      k.lookUp(length, width, list, w(`embedding${i}`), b.x + (input + column) * 4, input * 4);
      column += width;
    }
    if (dropout > 0) k.drop(length * input, b.x + input * 4, b.xMask, dropout);
    dense1(length, 'convolution', b.x, input * 4, 3 * input, conv, b.c, conv * 4);
    k.rectify(length * conv, b.c);
    for (const [i, direction] of directions.entries()) {
      dense1(length, `${direction}Input`, b.c, conv * 4, conv, 3 * h, b.gates, 3 * h * 4);
      k.recur(
        length,
        h,
        b.gates,
        w(`${direction}Recurrent`),
        w(`${direction}RecurrentBias`),
        b.j + i * h * 4,
        joined * 4,
        b.saved[i] ?? 0,
        i,
        b.scratch,
      );
    }
    dense1(length, 'attention', b.j, joined * 4, 2 * h, 3 * att, b.qkv, 3 * att * 4);
    const mixed = b.j + 2 * h * 4;
    for (let t = 0; t < length; t++) zero(mixed + t * joined * 4, att);
    k.attend(length, att, b.qkv, b.weights, mixed, joined * 4, b.scratch);
    memory8().copyWithin(b.kept, b.j, b.j + length * joined * 4);
    if (dropout > 0) k.drop(length * joined, b.j, b.jMask, dropout);
    dense1(length, 'dense', b.j, joined * 4, joined, dense, b.d, dense * 4);
    k.rectify(length * dense, b.d);
    dense1(length, 'output', b.d, dense * 4, dense, outputs, b.o, outputs * 4);
    return length;
  };

  const backward = (length: number, dropout: number) => {
    const b = buffer;
    zero(b.dd, length * dense);
    dense1Back(length, 'output', b.d, dense * 4, dense, outputs, b.o, outputs * 4, b.dd, dense * 4);
    k.rectifyBack(length * dense, b.d, b.dd);
    zero(b.dj, length * joined);
    dense1Back(length, 'dense', b.j, joined * 4, joined, dense, b.dd, dense * 4, b.dj, joined * 4);
    if (dropout > 0) k.scaleBy(length * joined, b.dj, b.jMask);
    zero(b.dQkv, length * 3 * att);
    k.attendBack(
      length,
      att,
      b.qkv,
      b.weights,
      b.dj + 2 * h * 4,
      joined * 4,
      b.dQkv,
      b.scores,
      b.scratch,
    );
    dense1Back(
      length,
      'attention',
      b.kept,
      joined * 4,
      2 * h,
      3 * att,
      b.dQkv,
      3 * att * 4,
      b.dj,
      joined * 4,
    );
    zero(b.dc, length * conv);
    for (const [i, direction] of directions.entries()) {
      const out = b.kept + i * h * 4;
      k.recurBack(
        length,
        h,
        out,
        b.dj + i * h * 4,
        joined * 4,
        b.saved[i] ?? 0,
        turned(`${direction}Recurrent`),
        b.dGates,
        b.dSide,
        i,
        b.scratch,
      );
      k.addRows(length, 3 * h, b.dSide, 3 * h * 4, g(`${direction}RecurrentBias`));
      // The state before the first step is zero, so it adds nothing.
      const [states, sides] = i === 0 ? [out, b.dSide + 3 * h * 4] : [out + joined * 4, b.dSide];
      k.product(
        h,
        length - 1,
        3 * h,
        states,
        4,
        joined * 4,
        sides,
        3 * h * 4,
        g(`${direction}Recurrent`),
        3 * h * 4,
      );
      dense1Back(
        length,
        `${direction}Input`,
        b.c,
        conv * 4,
        conv,
        3 * h,
        b.dGates,
        3 * h * 4,
        b.dc,
        conv * 4,
      );
    }
    k.rectifyBack(length * conv, b.c, b.dc);
    zero(b.dx, (length + 2) * input);
    dense1Back(
      length,
      'convolution',
      b.x,
      input * 4,
      3 * input,
      conv,
      b.dc,
      conv * 4,
      b.dx,
      input * 4,
    );
    if (dropout > 0) k.scaleBy(length * input, b.dx + input * 4, b.xMask);
    let column = 0;
    for (const [i, { width }] of shape.channels.entries()) {
      k.lookUpBack(
        length,
        width,
        b.ids + i * T * 2,
        g(`embedding${i}`),
        b.dx + (input + column) * 4,
        input * 4,
      );
      column += width;
    }
  };

  const view = (kind: keyof typeof bank) => new Float32Array(k.memory.buffer, bank[kind], count);
  return {
    count,
    view,
    tensor(name, of = 'weights') {
      const { offset, rows, columns } = place(name);
      return new Float32Array(k.memory.buffer, bank[of] + offset, rows * columns);
    },
    useMean(isMean) {
      current = isMean ? bank.mean : bank.weights;
      forgetTransposed();
    },
    initialise(random) {
      const unit = () => random.next() / 2147483648 - 1;
      for (const [name, rows, columns] of tensors) {
        const values = new Float32Array(
          k.memory.buffer,
          bank.weights + place(name).offset,
          rows * columns,
        );
        if (name.endsWith('Bias')) values.fill(0);
        // Glorot & Bengio 2010, uniform; embeddings start small.
        else if (name.startsWith('embedding'))
          for (let i = 0; i < values.length; i++) values[i] = unit() * 0.4;
        else {
          const scale = Math.sqrt(
            6 /
              (rows +
                (name.includes('Recurrent') || name.includes('Input') ? columns / 3 : columns)),
          );
          for (let i = 0; i < values.length; i++) values[i] = unit() * scale;
        }
      }
      new Float32Array(k.memory.buffer, bank.weights + place('outputBias').offset, outputs).fill(
        -1e4,
        shape.tags,
      );
      view('mean').set(view('weights'));
      forgetTransposed();
    },
    learn({ ids, tags }, weight, dropout) {
      const length = forward(ids, dropout);
      memory8().set(tags, buffer.labels);
      const loss = k.crossEntropy(length, outputs, buffer.o, buffer.labels, weight);
      backward(length, dropout);
      return loss;
    },
    infer(ids) {
      const length = forward(ids, 0);
      return new Float32Array(k.memory.buffer, buffer.o, length * outputs);
    },
    step({ rate, done, clip, decay, meanShare }) {
      const norm = Math.sqrt(k.sumOfSquares(count, bank.gradients));
      const scale = norm > clip ? clip / norm : 1;
      const root = Math.sqrt(1 - power(0.999, done + 1));
      const corrected = (rate * root) / (1 - power(0.9, done + 1));
      k.adam(
        count,
        bank.weights,
        bank.gradients,
        bank.first,
        bank.second,
        bank.mean,
        scale,
        corrected,
        1e-8 * root,
        rate * decay,
        meanShare,
      );
      forgetTransposed();
      return norm;
    },
  };
}
