// Arithmetic of federated scoring and training: exact fixed point, shares mod 2^64, masked
// products mod 2^32, the keystream that masks come from, and the few real functions of training.
// Everything here gives the same bits on every host.
export { mark, release, resetArena as reset, take as allocate } from '../shared/arena';
export { descend } from './descent';
export { dot32, dotDigits, narrowDot32 } from './dot';
export { keystream } from './keystream';
export { logLoss, residuals, sigmoid } from './logistic';
export { bitGram, crossProduct, maskMatrix, transposedProduct } from './products';
export { histogram, scoreBins } from './scorecard';
export { addWords, subtractWords } from './words';
