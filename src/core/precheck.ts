/** Why a picture should not be sent; codes are stable, `detail` is a sentence for the person. */
export interface PrecheckReason {
  readonly code: /** No cluster of ink, or none that could be an imprint. */
    | 'no_imprint'
    /** The ink hardly differs from the paper. */
    | 'faint'
    /** Too few pixels for the strokes. */
    | 'resolution_low'
    | 'blurred'
    /** Touches the border of the picture. */
    | 'cut_off'
    /** A part of the outline is missing. */
    | 'incomplete'
    /** Hardly resembles the reserved imprint at any rotation. */
    | 'unlike_reserved';
  readonly detail: string;
}

/** What a quick look found (B11). Shares are 0 to 1; lengths are pixels of the given raster. */
export interface Precheck {
  readonly ok: boolean;
  readonly reasons: readonly PrecheckReason[];
  /** 1 crisp, below 0.5 blurred: the spread of edges against the finest strokes of seals. */
  readonly sharpness: number;
  /** Share of the outline that is there or, given a reserved imprint, of its ink. */
  readonly completeness: number;
  /** Share of the imprint's box that is ink. */
  readonly inkShare: number;
  /** Depth of the ink, 0 paper to 1 black. */
  readonly contrast: number;
  readonly box?: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** Given a reserved imprint: 0 unlike to 1 alike, coarsely, at the best rotation. */
  readonly likeness?: number;
  /** Given a reserved imprint: the query's rotation against it in degrees, clockwise. */
  readonly rotation?: number;
}

/** The figures of assembly/seal/precheck.ts, in its order. */
export interface Findings {
  contrast: number;
  inkShare: number;
  left: number;
  top: number;
  width: number;
  height: number;
  blurPx: number;
  radiusPx: number;
  aspect: number;
  completeness: number;
  cutPx: number;
  dominance: number;
  likeness: number;
  coverage: number;
  rotation: number;
}

const MIN_CONTRAST = 0.16;
const MIN_INK_SHARE = 0.03;
const MAX_INK_SHARE = 0.7;
/** Narrowest to widest extent; the longest seals in use are about 1 : 3. */
const MIN_ASPECT = 0.2;
/** The largest cluster's share of all ink. */
const MIN_DOMINANCE = 0.25;
/** The smallest seals are about 10 mm wide; at 200 dpi that is 79 px. */
const MIN_RADIUS_PX = 36;
const MIN_SCAN_DPI = 150;
const MIN_SHARPNESS = 0.5;
/** Spread of edges at which sharpness is 0.5: in millimetres, and in mean radii without dpi. */
const BLUR_LIMIT_MM = 0.2;
const BLUR_LIMIT_SHARE = 0.012;
const MIN_OUTLINE = 0.8;
const MIN_COVERAGE = 0.4;
const MIN_LIKENESS = 0.15;
/** Ink on the border beyond what ruled lines and print that lead there make. */
const MAX_CUT_PX = 12;

/** The answer for a picture in which no ink was found at all. */
export function nothingFound(): Precheck {
  const detail = 'There is no imprint in the picture.';
  return {
    ok: false,
    reasons: [{ code: 'no_imprint', detail }],
    sharpness: 0,
    completeness: 0,
    inkShare: 0,
    contrast: 0,
  };
}

/** Weighs the figures; `dpi` is the picture's, when known. */
export function judge(found: Findings, isCompared: boolean, dpi: number | undefined): Precheck {
  const blurLimitPx =
    dpi === undefined ? BLUR_LIMIT_SHARE * found.radiusPx : (BLUR_LIMIT_MM / 25.4) * dpi;
  const sharpness = Math.min(1, blurLimitPx / (2 * found.blurPx));
  const completeness = isCompared ? Math.min(1, found.coverage) : found.completeness;
  const reasons: PrecheckReason[] = [];
  const object = (isBad: boolean, code: PrecheckReason['code'], detail: string) => {
    if (isBad) reasons.push({ code, detail });
  };
  object(
    found.inkShare < MIN_INK_SHARE ||
      found.inkShare > MAX_INK_SHARE ||
      found.aspect < MIN_ASPECT ||
      found.dominance < MIN_DOMINANCE,
    'no_imprint',
    'What is in the picture does not look like one imprint.',
  );
  object(found.contrast < MIN_CONTRAST, 'faint', 'The ink is too light against the paper.');
  object(
    found.radiusPx < MIN_RADIUS_PX || (dpi !== undefined && dpi < MIN_SCAN_DPI),
    'resolution_low',
    'The imprint has too few pixels: scan at 300 dpi, or go closer.',
  );
  object(sharpness < MIN_SHARPNESS, 'blurred', 'The edges of the imprint are blurred.');
  object(found.cutPx > MAX_CUT_PX, 'cut_off', 'The imprint touches the border of the picture.');
  object(
    completeness < (isCompared ? MIN_COVERAGE : MIN_OUTLINE),
    'incomplete',
    'A part of the imprint is missing.',
  );
  // Half an imprint has another middle, so its likeness says nothing.
  const isWhole = found.cutPx <= MAX_CUT_PX && found.completeness >= MIN_OUTLINE;
  object(
    isCompared && isWhole && found.likeness < MIN_LIKENESS,
    'unlike_reserved',
    'The imprint hardly resembles the reserved one.',
  );
  return {
    ok: reasons.length === 0,
    reasons,
    sharpness,
    completeness,
    inkShare: found.inkShare,
    contrast: found.contrast,
    box: { x: found.left, y: found.top, width: found.width, height: found.height },
    ...(isCompared ? { likeness: Math.max(0, found.likeness), rotation: found.rotation } : {}),
  };
}
