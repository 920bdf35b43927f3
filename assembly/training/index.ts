// The `training` module: layers of the tagger forward and backward, in f32, one sequence at a time.
// It is driven from training/tagger and is part of no Worker and no package.
import { resetArena, takeZeroed } from '../shared/arena';

export { attend } from '../shared/attention';
export { addRows, product, setRows, transpose } from '../shared/product';
export { attendBack } from './attention';
export { adam, sumOfSquares } from './optimiser';
export {
  crossEntropy,
  drop,
  lookUp,
  lookUpBack,
  rectify,
  rectifyBack,
  scaleBy,
  seedDropout,
} from './pointwise';
export { recur, recurBack } from './recurrence';

/** Gives back everything that `reserve` gave. */
export function reset(): void {
  resetArena();
}

/** Zeroed memory aligned for vectors, or 0 when there is no more. */
export function reserve(bytes: i32): usize {
  return takeZeroed(<usize>bytes);
}
