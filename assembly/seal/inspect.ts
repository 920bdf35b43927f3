// Entry of the kernels' tests: what no released module exports.
import { resetArena } from '../shared/arena';

export { take } from '../shared/arena';
export { decodeBilevel, encodeBilevel, shrinkBilevel } from './bilevel';
export { blur, blurInk } from './blur';
export { distance } from './chamfer';
export { decodeDepth, encodeDepth, paddedRow, paddedSize } from './depth';
export { findEdges } from './edges';
export { forward, inverse } from './fft';
export { extractBilevel, extractInk, flatten } from './ink';
export { solve } from './linear';
export { box, resample, wideBox } from './plane';

resetArena();

export function poke(at: usize, value: i32): void {
  store<u8>(at, <u8>value);
}
