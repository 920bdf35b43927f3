// The `tagger` module: ids of characters and their features in, a score for every tag and position
// out. It never sees the text. One model is open at a time.
import { resetArena, take } from '../shared/arena';
import { BAD_FORMAT, BAD_LENGTH, BAD_STATE, OK, OUT_OF_MEMORY, TOO_LARGE } from '../shared/status';
import { outputs, readModel } from './model';
import { MAX_LENGTH, makeRoom, score } from './network';

export { channelIds, scores } from './network';

const MAX_MODEL: i32 = 1 << 20;

let file: usize = 0;
let fileLength: i32 = 0;
let isOpen = false;

/** Forgets the model and makes room for the `length` bytes of another; a status when there is none. */
export function reserve(length: i32): isize {
  isOpen = false;
  if (length < 0 || length > MAX_MODEL) return TOO_LARGE;
  resetArena();
  file = take(length);
  fileLength = length;
  return file == 0 ? <isize>OUT_OF_MEMORY : <isize>file;
}

/** Reads the model at the address `reserve` gave; returns the number of scores a position. */
export function open(): i32 {
  const status = file == 0 ? BAD_STATE : readModel(file, fileLength);
  if (status != OK) return status;
  if (!makeRoom()) return OUT_OF_MEMORY;
  isOpen = true;
  return outputs;
}

/** Scores `length` positions whose ids lie at `channelIds`; the result is at `scores`. */
export function run(length: i32): i32 {
  if (!isOpen) return BAD_STATE;
  if (length < 1 || length > MAX_LENGTH) return BAD_LENGTH;
  return score(length) ? OK : BAD_FORMAT;
}
