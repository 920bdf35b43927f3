/** How often each of 256 levels was met. */
const histogram = memory.data(256 * 4);

export function clearHistogram(): void {
  memory.fill(histogram, 0, 256 * 4);
}

export function countIn(bin: u32): void {
  const slot = histogram + ((<usize>bin) << 2);
  store<u32>(slot, load<u32>(slot) + 1);
}

export function countOf(bin: i32): i32 {
  return load<i32>(histogram + ((<usize>bin) << 2));
}

/** The smallest value that `share` of what was counted from `first` on does not exceed. */
export function percentile(first: i32, share: f32): i32 {
  let total: u32 = 0;
  for (let bin = first; bin < 256; bin++) total += load<u32>(histogram + ((<usize>bin) << 2));
  const rank = <u32>(<f32>total * share);
  let seen: u32 = 0;
  for (let bin = first; bin < 256; bin++) {
    seen += load<u32>(histogram + ((<usize>bin) << 2));
    if (seen > rank) return bin;
  }
  return 255;
}
