// Status codes that every module's entry points return. Zero or more is success (often a length),
// negative is one of these; the host maps them to error codes of its own. Numbers are part of the
// vendor ABI (docs/vendor-abi.md) and never change meaning.

export const OK: i32 = 0;
/** A length or size argument is outside its documented range. */
export const BAD_LENGTH: i32 = -1;
/** The bytes are not of the named format. */
export const BAD_FORMAT: i32 = -2;
/** Well formed, but of a kind that is not supported. */
export const UNSUPPORTED: i32 = -3;
/** Larger than the documented limit; refused before anything was allocated. */
export const TOO_LARGE: i32 = -4;
/** The arena cannot hold what the call needs. */
export const OUT_OF_MEMORY: i32 = -5;
/** A point, scalar or key is not valid. */
export const BAD_KEY: i32 = -6;
/** A tag, signature, proof or equality check failed. */
export const NOT_AUTHENTIC: i32 = -7;
/** A state was used a second time or out of order. */
export const BAD_STATE: i32 = -8;
/** The picture does not hold what is looked for (no imprint, no ink). */
export const NOT_FOUND: i32 = -9;
