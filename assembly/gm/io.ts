// The region through which the host hands bytes to this module and takes results back. It holds
// one call's arguments and results at a time; where each lies is the host's choice. Memory never
// grows, so the host may keep one view of it.

/** Bytes of the exchange region: one 64 KiB piece of data and room for fixed arguments. */
export const IO_BYTES: u32 = 65536 + 8192;

const region = memory.data(73728, 64);

/** Where the exchange region begins. */
export function io(): usize {
  return region;
}

/** How many bytes it has. */
export function ioBytes(): u32 {
  return IO_BYTES;
}
