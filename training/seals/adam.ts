type Numbers = Float32Array | Float64Array;

/** Adam with decoupled decay (I. Loshchilov and F. Hutter, 2019). A step uses the gradient up. */
export class Adam {
  private readonly weights: Numbers;
  private readonly gradient: Numbers;
  private readonly decay: number;
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private steps = 0;

  constructor(weights: Numbers, gradient: Numbers, decay: number) {
    this.weights = weights;
    this.gradient = gradient;
    this.decay = decay;
    this.first = new Float64Array(weights.length);
    this.second = new Float64Array(weights.length);
  }

  step(rate: number): void {
    this.steps++;
    const { weights, gradient, decay } = this;
    const a = 1 - 0.9 ** this.steps;
    const b = 1 - 0.999 ** this.steps;
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] as number;
      const m = 0.9 * (this.first[i] as number) + 0.1 * g;
      const v = 0.999 * (this.second[i] as number) + 0.001 * g * g;
      this.first[i] = m;
      this.second[i] = v;
      const move = m / a / (Math.sqrt(v / b) + 1e-8);
      weights[i] = (weights[i] as number) * (1 - rate * decay) - rate * move;
    }
    gradient.fill(0);
  }
}

/** The rate's share of its height: up for `rise` of the time, then down to little. */
export function oneCycle(share: number, rise: number): number {
  const level =
    share < rise ? share / rise : 0.5 + 0.5 * Math.cos((Math.PI * (share - rise)) / (1 - rise));
  return Math.max(0.02, level);
}
