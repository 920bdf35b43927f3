/** RFC 3339 in UTC with milliseconds. */
export function instantText(ms: number): string {
  return new Date(ms).toISOString();
}

/** The calendar day (`YYYY-MM-DD`) at `ms` where clocks are `utcOffsetMinutes` ahead of UTC. */
export function calendarDay(ms: number, utcOffsetMinutes: number): string {
  return new Date(ms + utcOffsetMinutes * 60_000).toISOString().slice(0, 10);
}

/** The moment that a text of `instantText` says, in epoch milliseconds. @throws RangeError */
export function instantMs(text: string): number {
  const ms = Date.parse(text);
  if (!Number.isFinite(ms)) throw new RangeError('not an instant');
  return ms;
}

/** The moment as a `Date`, for libraries that want one; to the whole second below. */
export function wholeSecondOf(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}
