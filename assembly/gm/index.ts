export { io, ioBytes } from './io';
export {
  ghashFold,
  hmacBegin,
  hmacFinish,
  kdfDerive,
  pbkdf2Derive,
  sameBytes,
  sm3Absorb,
  sm3Batch,
  sm3Begin,
  sm3Digest,
  sm3Finish,
  sm4CbcApply,
  sm4CbcUndo,
  sm4CtrApply,
  sm4EcbApply,
  sm4SetKey,
} from './symmetric';
