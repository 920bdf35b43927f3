import type { Random } from '../../src/domain/ports.ts';

/**
 * Runs tasks so that one works at a time, and chance says which goes on whenever one comes to a
 * `pause`. The same chance gives the same order of events, whatever the machine does meanwhile.
 */
export interface Scheduler {
  /** A place where another task may overtake. Outside of `run` it is none. */
  pause(): Promise<void>;
  run(tasks: readonly (() => Promise<void>)[]): Promise<void>;
}

export function scheduler(chance: Random): Scheduler {
  const parked: (() => void)[] = [];
  let isRunning = false;
  let rested = (): void => undefined;

  const pause = () =>
    new Promise<void>((resume) => {
      if (!isRunning) return resume();
      parked.push(resume);
      rested();
    });

  return {
    pause,
    async run(tasks) {
      isRunning = true;
      let left = tasks.length;
      const ends = tasks.map(async (task) => {
        await pause();
        try {
          await task();
        } finally {
          left -= 1;
          rested();
        }
      });
      while (left > 0) {
        const [byte = 0] = chance.bytes(1);
        const [next] = parked.splice(byte % parked.length, 1);
        const rest = new Promise<void>((settle) => {
          rested = settle;
        });
        next?.();
        await rest;
      }
      isRunning = false;
      await Promise.all(ends);
    },
  };
}

/** What can happen to a call of a port. */
export interface Weather {
  /** Chances in 256 that it fails before anything was done, and that its answer is lost. */
  readonly fails: number;
  readonly loses: number;
}

/**
 * The same port, whose named calls are places to be overtaken, and where things go wrong.
 *
 * @param onCall is told the name of each of them that is called
 */
export function stormy<T extends object>(
  port: T,
  names: readonly (keyof T & string)[],
  { pause }: Scheduler,
  chance: Random,
  weather: () => Weather,
  failure: () => Error,
  onCall: (name: string) => void = () => undefined,
): T {
  const wrapped = Object.entries(port).map(([name, method]) => {
    if (!names.some((known) => known === name)) return [name, method] as const;
    const call = async (...input: unknown[]) => {
      onCall(name);
      await pause();
      const [first = 0, second = 0] = chance.bytes(2);
      const { fails, loses } = weather();
      if (first < fails) throw failure();
      const answer: unknown = await (method as (...all: unknown[]) => unknown)(...input);
      if (second < loses) throw failure();
      return answer;
    };
    return [name, call] as const;
  });
  // The same methods under the same names.
  return Object.fromEntries(wrapped) as T;
}
