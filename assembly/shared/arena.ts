// A bump arena over linear memory. Everything that a call takes is given back at once by the next
// reset; memory grows when needed and never past the module's declared maximum.

const ALIGNMENT: usize = 16;
const PAGE: usize = 65536;

let top: usize = 0;

/** Gives back all that was taken. Old content stays in memory and must not be relied on. */
export function resetArena(): void {
  top = (__heap_base + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

/** Returns `bytes` of memory aligned for vectors, content undefined, or 0 when there is no more. */
export function take(bytes: usize): usize {
  const start = top;
  // Sizes come from checked limits, so the sum cannot wrap; a caller's bug must not either.
  if (bytes > 0x7fffffff - start) return 0;
  const end = (start + bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
  const have = <usize>memory.size() * PAGE;
  if (end > have) {
    const pages = (end - have + PAGE - 1) / PAGE;
    if (memory.grow(<i32>pages) < 0) return 0;
  }
  top = end;
  return start;
}

/** Like `take`, with every byte 0. */
export function takeZeroed(bytes: usize): usize {
  const start = take(bytes);
  if (start != 0) memory.fill(start, 0, bytes);
  return start;
}

/** Where the arena stands, for `release`. */
export function mark(): usize {
  return top;
}

/** Gives back what was taken since `position` was marked. */
export function release(position: usize): void {
  assert(position <= top);
  top = position;
}
