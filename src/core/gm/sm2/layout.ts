// The exchange region: one piece of data, then what has a fixed size.
export const PIECE = 65536;
export const STATE = PIECE;
export const DIGEST = STATE + 128;
export const PRIVATE = DIGEST + 32;
export const FACTOR = PRIVATE + 32;
export const RANDOM = FACTOR + 32;
export const PUBLIC = RANDOM + 64;
export const SIGNATURE = PUBLIC + 64;
export const POINT = SIGNATURE + 64;
export const CHECK = POINT + 72;
export const EPHEMERAL = CHECK + 32;
export const EPHEMERAL_POINT = EPHEMERAL + 32;
export const PEER = EPHEMERAL_POINT + 64;
export const PEER_EPHEMERAL = PEER + 64;
export const OWN = PEER_EPHEMERAL + 64;

export const PRIVATE_BYTES = 32;
export const PUBLIC_BYTES = 64;
export const DIGEST_BYTES = 32;
export const RAW_SIGNATURE_BYTES = 64;

export const BAD_KEY = -6;
