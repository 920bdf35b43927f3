/** The numbers of one session: each counts once, also when they overtake each other on the way. */
export interface ReplayWindow {
  /** Whether the number is new. It is used then. */
  take(number: number): boolean;
}

/** A number that is `size` or more behind the newest one counts as used (after RFC 4303 §3.4.3). */
export function replayWindow(size: number): ReplayWindow {
  const seen = new Set<number>();
  let newest = -1;
  return {
    take(number) {
      if (number <= newest - size || seen.has(number)) return false;
      seen.add(number);
      newest = Math.max(newest, number);
      if (seen.size >= 2 * size) {
        for (const old of seen) if (old <= newest - size) seen.delete(old);
      }
      return true;
    },
  };
}
