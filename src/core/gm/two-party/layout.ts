// The exchange region: the caller's context, later one piece of data; then what has a fixed size.
export const PIECE = 65536;
export const RANDOM = PIECE;
export const RANDOM_BYTES = 64;
export const SHARE = RANDOM + RANDOM_BYTES;
export const NEXT_SHARE = SHARE + 256;
export const SECRET = NEXT_SHARE + 256;
export const NONCES = SECRET + 32;
export const COIN = NONCES + 64;
export const PEER_COIN = COIN + 64;
export const COMMITMENT = PEER_COIN + 64;
export const MESSAGE = COMMITMENT + 32;
export const REPLY = MESSAGE + 192;
export const DIGEST = REPLY + 128;
export const SIGNATURE = DIGEST + 32;
export const END = SIGNATURE + 64;

export const SHARE_BYTES = 230;
// Within a share, as assembly/gm/share.ts lays it out.
export const SHARE_EPOCH = 2;
export const SHARE_SECRET = 6;
export const OWN = 38;
export const OTHER = 102;
export const JOINT = 166;
export const SECRET_BYTES = 32;
export const PROOF_BYTES = 98;
export const POINT_BYTES = 33;
export const NONCES_BYTES = 64;
export const COIN_BYTES = 64;
export const DIGEST_BYTES = 32;
export const SIGN_MESSAGE_BYTES = 163;
export const SIGN_REPLY_BYTES = 65;
export const DECRYPT_MESSAGE_BYTES = 65;
export const DECRYPT_REPLY_BYTES = 97;
/** Most bytes of a context. */
export const CONTEXT_BYTES_MAX = 4096;

export const CLIENT = 1;
export const SERVER = 2;
export type Role = typeof CLIENT | typeof SERVER;
