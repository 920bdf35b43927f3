// What the decoders accept, and what they may spend. The same figures stand in src/core/raster.ts
// for callers. The hard limit of linear memory is `maximumMemory` of target `seal` in asconfig.json.

export const MAX_SIDE: i32 = 4096;
export const MAX_PIXELS: i32 = 12_000_000;
export const MAX_INPUT: i32 = 16 * 1024 * 1024;

/** Readable bytes behind the input, so that bit readers may load words past its end. */
export const INPUT_PADDING: i32 = 1024;
/** Upper bound of one band of finished rows; a single row is at most 16 KiB. */
export const BAND_BYTES: i32 = 256 * 1024;

/** Scans of a JPEG. Encoders write about ten; a script that sends every bit apart is still below. */
export const MAX_SCANS: i32 = 100;
/** Dynamic DEFLATE blocks: this many, and one more for each KiB of output. */
export const MAX_SPARE_BLOCKS: i32 = 4096;
/** DEFLATE cannot expand by more than this factor. */
export const MAX_DEFLATE_RATIO: i64 = 1032;

/** Resolutions outside are a screen's placeholder or nonsense and are not reported. */
export const MIN_DPI: f64 = 100;
export const MAX_DPI: f64 = 2400;
