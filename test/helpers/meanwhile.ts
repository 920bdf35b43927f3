/** What became of a request beside which something else happened. */
export interface Course {
  /** Whether the other thing happened before the request was over. */
  readonly happened: boolean;
  /** Final calls that gave something although it had happened before them. */
  readonly tooLate: readonly string[];
  /** Those that were made before it. */
  readonly inTime: readonly string[];
}

/**
 * The same ports for a request beside which something else happens: all of `other` is done just
 * before the `moment`th call, counted from 1, of any asynchronous port. Calls of one tick wait
 * together, since nothing else could come between them. The last calls, those of `final`, are no
 * moments: nobody asks anything any more between the call before them and the chips.
 */
export function meanwhile<D extends object>(
  deps: D,
  moment: number,
  other: () => Promise<unknown>,
  final: Partial<Record<keyof D, readonly string[]>>,
): { readonly service: D; readonly course: Course } {
  const course = { happened: false, tooLate: [] as string[], inTime: [] as string[] };
  let moments = 0;
  let gate: Promise<unknown> | undefined;

  async function pass(): Promise<void> {
    moments += 1;
    if (moments === moment) {
      gate = other().then(() => {
        course.happened = true;
      });
    }
    await undefined;
    await gate;
  }

  const wrapped = Object.entries(deps).map(([name, port]) => {
    if (typeof port !== 'object' || port === null || notPorts.has(name))
      return [name, port] as const;
    const calls = Object.entries(port).map(([method, call]) => {
      if (typeof call !== 'function') return [method, call] as const;
      const isFinal = final[name as keyof D]?.includes(method) ?? false;
      const waiting = async (...input: unknown[]) => {
        const { tooLate, inTime, happened } = course;
        if (!isFinal) await pass();
        const result: unknown = await (call as (...all: unknown[]) => unknown)(...input);
        if (isFinal) (happened ? tooLate : inTime).push(`${name}.${method}`);
        return result;
      };
      return [method, waiting] as const;
    });
    return [name, Object.fromEntries(calls)] as const;
  });
  return { service: Object.fromEntries(wrapped) as D, course };
}

/** What answers at once, or is no port. */
const notPorts = new Set(['clock', 'random', 'known', 'profiles']);

/**
 * Runs a request once for each of its moments, with `other` at that one, until none is left before
 * the final calls. Gives how many there were.
 *
 * @param run must hold what it holds of each course
 */
export async function atEveryMoment(
  run: (moment: number) => Promise<Course>,
  momentsMax = 400,
): Promise<number> {
  for (let moment = 1; moment <= momentsMax; moment++) {
    const { happened, inTime } = await run(moment);
    if (!happened || inTime.length > 0) return moment - 1;
  }
  throw new Error('the request has no end');
}
