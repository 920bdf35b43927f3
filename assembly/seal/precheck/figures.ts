/** The figures of a look at a picture, in the order in which the host reads them. */
// Places of the figures, in f64.
export const CONTRAST: i32 = 0;
export const INK_SHARE: i32 = 1;
export const LEFT: i32 = 2;
export const TOP: i32 = 3;
export const WIDTH: i32 = 4;
export const HEIGHT: i32 = 5;
export const BLUR_PX: i32 = 6;
export const RADIUS_PX: i32 = 7;
export const ASPECT: i32 = 8;
export const COMPLETENESS: i32 = 9;
export const CUT_PX: i32 = 10;
export const DOMINANCE: i32 = 11;
export const LIKENESS: i32 = 12;
export const COVERAGE: i32 = 13;
export const ROTATION: i32 = 14;

const figures = memory.data(15 * 8, 16);

/** Address of the figures of the last `inspect` and `compareProfiles`. */
export function findings(): usize {
  return figures;
}

export function clearFigures(): void {
  memory.fill(figures, 0, 15 * 8);
}

export function setFigure(index: i32, figure: f64): void {
  store<f64>(figures + ((<usize>index) << 3), figure);
}
