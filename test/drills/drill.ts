/** How a drill is to run. */
export interface Run {
  /** The long form takes minutes; the short one runs with the everyday tests. */
  readonly isLong: boolean;
  readonly seed: number;
  /** One of the drill's planted faults: with it the drill must find something. */
  readonly plant?: string;
}

export interface Result {
  /** What was measured, in few words. */
  readonly measured: string;
  /** What should not have happened; nothing when the target is met. */
  readonly faults: readonly string[];
  /** This machine lacks what the drill needs, as `measured` says: nothing was shown. */
  readonly isUnmeasured?: true;
}

/** Something that is made to go wrong on purpose, with a target and a verdict of its own. */
export interface Drill {
  /** The row of the table of drills, `A1`. */
  readonly id: string;
  /** How it is called on the command line. */
  readonly name: string;
  /** What must be so. */
  readonly target: string;
  /** Defects that can be put in; each must fail the drill. */
  readonly plants: readonly string[];
  run(run: Run): Promise<Result>;
}

/** What a test keeps of a drill for the reporter of `npm run drill`. */
export interface DrillRow {
  readonly id: string;
  readonly name: string;
  readonly target: string;
  readonly measured: string;
  readonly isUnmeasured?: true;
}

declare module 'vitest' {
  interface TaskMeta {
    drill?: DrillRow;
    /** What a test of a file drill measured, in few words. */
    measured?: string;
  }
}
