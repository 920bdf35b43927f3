// Who this vendor is, as in the info record and in every template's head.

/** ASCII "spectrum", zero padded to 16 bytes. */
export const CODE = memory.data<u8>([
  0x73, 0x70, 0x65, 0x63, 0x74, 0x72, 0x75, 0x6d, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** ASCII "Invariant ink spectrum", zero padded to 40 bytes. */
export const NAME = memory.data<u8>([
  0x49, 0x6e, 0x76, 0x61, 0x72, 0x69, 0x61, 0x6e, 0x74, 0x20, 0x69, 0x6e, 0x6b, 0x20, 0x73, 0x70,
  0x65, 0x63, 0x74, 0x72, 0x75, 0x6d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** Major version (templates of another one are refused), minor, patch. */
export const VERSION: u32 = (1 << 16) | (3 << 8);
