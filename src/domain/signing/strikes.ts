/** Failed protocol runs of one personal key. */
export interface Strikes {
  /** Within the window that began at `windowStartMs`. */
  readonly recent: number;
  readonly windowStartMs: number;
  readonly total: number;
  /** Nothing is signed before; 0 when the key is not locked. */
  readonly lockedUntilMs: number;
}

export const noStrikes: Strikes = { recent: 0, windowStartMs: 0, total: 0, lockedUntilMs: 0 };

const windowMs = 10 * 60 * 1000;
const lockMs = 60 * 60 * 1000;
const strikesPerWindow = 3;

/** Counts a failed run: the third within ten minutes locks the key for an hour. */
export function struck(strikes: Strikes, nowMs: number): Strikes {
  const isFresh = nowMs - strikes.windowStartMs >= windowMs;
  const recent = isFresh ? 1 : strikes.recent + 1;
  const locks = recent >= strikesPerWindow;
  return {
    recent: locks ? 0 : recent,
    windowStartMs: isFresh ? nowMs : strikes.windowStartMs,
    total: strikes.total + 1,
    lockedUntilMs: locks ? nowMs + lockMs : strikes.lockedUntilMs,
  };
}

export function isLocked({ lockedUntilMs }: Strikes, nowMs: number): boolean {
  return nowMs < lockedUntilMs;
}

/** Failed runs that still count: those of a window that is over are forgotten. */
export function recentRuns({ recent, windowStartMs }: Strikes, nowMs: number): number {
  return nowMs - windowStartMs < windowMs ? recent : 0;
}
