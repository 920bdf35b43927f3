// Lists of f64 in linear memory, as systems of equations and sums of many terms need them.
import { take } from './arena';

export function doubleAt(list: usize, index: i32): f64 {
  return load<f64>(list + ((<usize>index) << 3));
}

export function putDouble(list: usize, index: i32, value: f64): void {
  store<f64>(list + ((<usize>index) << 3), value);
}

export function addDouble(list: usize, index: i32, value: f64): void {
  const p = list + ((<usize>index) << 3);
  store<f64>(p, load<f64>(p) + value);
}

/** Room for `count` of them, content undefined. */
export function takeDoubles(count: i32): usize {
  const p = take((<usize>count) << 3);
  assert(p != 0, 'arena exhausted');
  return p;
}
