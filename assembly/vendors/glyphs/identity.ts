// Who this vendor is, as in the info record and in every template's head.

/** ASCII "glyphs", zero padded to 16 bytes. */
export const CODE = memory.data<u8>([
  0x67, 0x6c, 0x79, 0x70, 0x68, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** ASCII "Glyph constellation", zero padded to 40 bytes. */
export const NAME = memory.data<u8>([
  0x47, 0x6c, 0x79, 0x70, 0x68, 0x20, 0x63, 0x6f, 0x6e, 0x73, 0x74, 0x65, 0x6c, 0x6c, 0x61, 0x74,
  0x69, 0x6f, 0x6e, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** Major version (templates of another one are refused), minor, patch. */
export const VERSION: u32 = (1 << 16) | (6 << 8);
