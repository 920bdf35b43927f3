/**
 * A process that can be made to die around any of its writes, and started again. An odd moment is
 * before a write is done, an even one after it was done and before its answer arrives. A dead
 * process answers nothing; what was stored before stays.
 */
export function mortal() {
  let left = Number.POSITIVE_INFINITY;
  let isDead = false;

  function moment(): void {
    if (isDead) throw new Error('the process is dead');
    left -= 1;
    if (left > 0) return;
    isDead = true;
    throw new Error('the process dies here');
  }

  return {
    /** The same port, whose `writes` are moments; each that is called is noted as `of.name`. */
    port<T extends object>(of: string, port: T, writes: readonly string[], called: Set<string>): T {
      const wrapped = Object.entries(port).map(([name, method]) => {
        const isWrite = writes.includes(name);
        const call = async (...input: unknown[]) => {
          if (isWrite) called.add(`${of}.${name}`);
          if (isWrite) moment();
          else if (isDead) throw new Error('the process is dead');
          const result: unknown = await (method as (...all: unknown[]) => unknown)(...input);
          if (isWrite) moment();
          return result;
        };
        return [name, typeof method === 'function' ? call : method] as const;
      });
      // The same methods under the same names.
      return Object.fromEntries(wrapped) as T;
    },
    /** Dies at the `n`th moment from now, counted from 1. */
    killAt(n: number): void {
      left = n;
      isDead = false;
    },
    revive(): void {
      left = Number.POSITIVE_INFINITY;
      isDead = false;
    },
    isDead: () => isDead,
  };
}

export type Mortal = ReturnType<typeof mortal>;

/** Runs `flow` so that it dies at each of its moments in turn; after each death `resume` runs. */
export async function atEveryMoment(
  life: Mortal,
  flow: () => Promise<unknown>,
  resume: (moment: number) => Promise<void>,
): Promise<number> {
  for (let n = 1; ; n++) {
    life.killAt(n);
    await flow().catch(() => undefined);
    const died = life.isDead();
    life.revive();
    await resume(n);
    if (!died) return n - 1;
  }
}
