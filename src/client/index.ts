export {
  ApiError,
  type Client,
  type ClientOptions,
  createClient,
  type Imprint,
  newIdempotencyKey,
  type WriteOptions,
} from './api.ts';
export type * from './types.ts';
