export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type Imprint,
  newIdempotencyKey,
  type WriteOptions,
} from './api.ts';
export { isWaiting } from './seal-service.ts';
export type * from './types.ts';
