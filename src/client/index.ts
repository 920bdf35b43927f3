export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  newIdempotencyKey,
} from './api.ts';
export {
  type ApplicationInput,
  canonicalIdentity,
  IdentityError,
  type IdentityField,
  type OpenedScoring,
  type PreparedApplication,
  prepareApplication,
} from './federation.ts';
export type * from './federation-types.ts';
export type { PasskeyAnswer, PasskeyGesture } from './passkey-api.ts';
export type { Imprint } from './seal-api.ts';
export { isWaiting } from './seal-service.ts';
export { type HolderOptions, type TokenHolder, tokenHolder } from './token-holder.ts';
export type * from './token-types.ts';
export type { ListQuery, ReadOptions, WriteOptions } from './transport.ts';
export type * from './types.ts';
