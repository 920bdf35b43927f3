/** Longest time between the statement and the use of the key, in milliseconds. */
export const statementLifeMs = 120_000;

/**
 * By so many milliseconds the clocks of the service and of a chip may differ at the beginning of a
 * statement's life. Its end is what the person signed, and is the chip's to keep.
 */
export const clockSlackMs = 5_000;
