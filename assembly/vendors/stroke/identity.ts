// Who this vendor is, as in the info record and in every template's head.

/** ASCII "stroke", zero padded to 16 bytes. */
export const CODE = memory.data<u8>([
  0x73, 0x74, 0x72, 0x6f, 0x6b, 0x65, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** ASCII "Registered stroke difference", zero padded to 40 bytes. */
export const NAME = memory.data<u8>([
  0x52, 0x65, 0x67, 0x69, 0x73, 0x74, 0x65, 0x72, 0x65, 0x64, 0x20, 0x73, 0x74, 0x72, 0x6f, 0x6b,
  0x65, 0x20, 0x64, 0x69, 0x66, 0x66, 0x65, 0x72, 0x65, 0x6e, 0x63, 0x65, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0,
]);
/** Major version (templates of another one are refused), minor, patch. */
export const VERSION: u32 = (1 << 16) | (5 << 8);
