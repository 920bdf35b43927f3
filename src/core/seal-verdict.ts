import type { CaptureSigns } from './pictures.ts';
import type { SealMatch } from './seal-vendor.ts';

/** Why a verification was not a plain pass. */
export interface SealReason {
  /**
   * `vendor_failed`: a vendor broke down and so has not agreed. `vendor_doubts`: its score lies
   * between rejection and agreement. `imprint_covered`: print hides too much of the strokes.
   * `copy_suspected`: the imprint looks printed, copied or shown on a screen instead of stamped.
   * `dpi_assumed`: a picture names no resolution, 300 dpi was taken.
   */
  readonly code:
    | 'vendor_failed'
    | 'vendor_doubts'
    | 'imprint_covered'
    | 'copy_suspected'
    | 'dpi_assumed';
  readonly detail: string;
}

/** What one vendor says. */
export interface SealOpinion {
  readonly code: string;
  /** Absent when the vendor broke down. */
  readonly result: SealMatch | undefined;
}

export interface SealConclusion {
  /** All vendors agree. */
  readonly match: boolean;
  /** `pass` only when all agree and nothing speaks for a second look. */
  readonly verdict: 'pass' | 'fail' | 'review';
  readonly reasons: readonly SealReason[];
}

/** Above this share of hidden strokes an agreement goes to a person. */
const COVERED_SHARE_MAX = 0.35;

/**
 * Draws the conclusion from what at least one vendor says and from the signs of a secondary capture,
 * which can only send an imprint to a person; `remarks` are kept, and judge nothing.
 */
export function conclude(
  opinions: readonly SealOpinion[],
  signs?: CaptureSigns,
  remarks: readonly SealReason[] = [],
): SealConclusion {
  const doubts = [...opinions.flatMap(doubtsOf), ...copyDoubts(signs)];
  // Nobody to ask is not unanimity.
  const match = opinions.length > 0 && opinions.every(({ result }) => result?.match === true);
  const isForged = opinions.some(({ result }) => result && result.score < result.rejectBelow);
  return {
    match,
    verdict: isForged ? 'fail' : match && doubts.length === 0 ? 'pass' : 'review',
    reasons: [...doubts, ...remarks],
  };
}

function doubtsOf({ code, result }: SealOpinion): SealReason[] {
  if (!result) return [{ code: 'vendor_failed', detail: code }];
  const doubts: SealReason[] = [];
  if (result.score < result.threshold && result.score >= result.rejectBelow) {
    doubts.push({ code: 'vendor_doubts', detail: code });
  }
  if (result.unknownShare > COVERED_SHARE_MAX) {
    doubts.push({ code: 'imprint_covered', detail: code });
  }
  return doubts;
}

/** The detail is the probability, 0.5 to 1, that the query is a reproduction. */
function copyDoubts(signs: CaptureSigns | undefined): SealReason[] {
  if (!signs || signs.copyOdds <= 0) return [];
  const probability = 1 / (1 + Math.exp(-signs.copyOdds));
  return [{ code: 'copy_suspected', detail: probability.toFixed(2) }];
}

/**
 * The remark that a picture names no resolution. An assumed one is worth saying; a wrong one shows
 * as a mismatch by itself.
 */
export function dpiRemarks(raster: {
  readonly width: number;
  readonly height: number;
  readonly dpi?: number;
}): SealReason[] {
  if (raster.dpi !== undefined) return [];
  return [{ code: 'dpi_assumed', detail: `${raster.width} x ${raster.height}` }];
}
