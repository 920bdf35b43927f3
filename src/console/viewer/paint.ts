import type { Transform } from '../../client/index.ts';
import {
  type Coverage,
  type Difference,
  findDifferences,
  inkBox,
  overlap,
  overlay,
  type Rgb,
  tint,
  unite,
  warp,
} from './compose.ts';
import { type Box, compose, identityTransform, type Point, turnAndShift } from './geometry.ts';
import type { ImprintPair } from './load.ts';

export const modes = ['side', 'overlay', 'blink', 'fold', 'heat'] as const;
export type Mode = (typeof modes)[number];

/** Composed pictures are twice as fine as the canonical ones, for smooth edges when enlarged. */
const fineness = 2;
const marginPx = 14;

/** The hand's correction on top of the registration. */
export interface Nudge {
  shift: Point;
  turnDegrees: number;
}

export const noNudge: Nudge = { shift: { x: 0, y: 0 }, turnDegrees: 0 };

/** Both imprints on one frame. */
export interface Registered {
  transform: Transform;
  reserved: Coverage;
  query: Coverage;
  overlap: number;
}

/** Does not follow the hand's correction, or the picture would jump under it. */
export function frameOf(pair: ImprintPair): Box {
  return unite(
    inkBox(pair.reserved, identityTransform),
    inkBox(pair.query, pair.pair.transform),
    marginPx,
  );
}

export function register(pair: ImprintPair, frame: Box, nudge: Nudge): Registered {
  const { reserved, query } = pair;
  const centre = { x: reserved.width / 2, y: reserved.height / 2 };
  const byHand = turnAndShift(nudge.turnDegrees, nudge.shift, centre);
  const transform = compose(byHand, pair.pair.transform);
  const fineReserved = warp(reserved, identityTransform, frame, fineness);
  const fineQuery = warp(query, transform, frame, fineness);
  return {
    transform,
    reserved: fineReserved,
    query: fineQuery,
    overlap: overlap(fineReserved, fineQuery),
  };
}

export function differencesOf(pair: ImprintPair, frame: Box): Difference[] {
  return findDifferences(
    warp(pair.reserved, identityTransform, frame, 1),
    warp(pair.query, pair.pair.transform, frame, 1),
    frame,
    pair.pair.dpi,
  );
}

const heatNames = ['heat1', 'heat2', 'heat3', 'heat4'] as const;
const colourNames = [
  'reserved',
  'query',
  'agree',
  'stage',
  'ink',
  'surface',
  'line',
  ...heatNames,
] as const;
export type Colours = Record<(typeof colourNames)[number], Rgb>;

const tokenOf: Record<keyof Colours, string> = {
  reserved: '--imprint-reserved',
  query: '--imprint-query',
  agree: '--imprint-agree',
  stage: '--stage',
  ink: '--ink',
  surface: '--surface',
  line: '--line-2',
  heat1: '--heat-1',
  heat2: '--heat-2',
  heat3: '--heat-3',
  heat4: '--heat-4',
};

/** The colours of the theme: a probe element turns each token into numbers. */
export function themeColours(host: HTMLElement): Colours {
  const probe = document.createElement('i');
  probe.hidden = true;
  host.append(probe);
  const read = (name: keyof Colours): Rgb => {
    probe.style.setProperty('color', `var(${tokenOf[name]})`);
    const [red = 0, green = 0, blue = 0] = (
      getComputedStyle(probe).color.match(/[\d.]+/g) ?? []
    ).map(Number);
    return [red, green, blue];
  };
  const colours = Object.fromEntries(colourNames.map((name) => [name, read(name)])) as Colours;
  probe.remove();
  return colours;
}

function canvasOf(size: Coverage, rgba: Uint8ClampedArray<ArrayBuffer>): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = size.width;
  canvas.height = size.height;
  canvas.getContext('2d')?.putImageData(new ImageData(rgba, size.width, size.height), 0, 0);
  return canvas;
}

/** The pictures that a mode draws; made anew only when something in them changed. */
export interface Layers {
  overlay: HTMLCanvasElement;
  reserved: HTMLCanvasElement;
  query: HTMLCanvasElement;
}

export function makeLayers(
  registered: Registered,
  colours: Colours,
  options: { hatch: boolean; queryOpacity: number },
): Layers {
  const { reserved, query } = registered;
  return {
    overlay: canvasOf(reserved, overlay(reserved, query, colours, options)),
    reserved: canvasOf(reserved, tint(reserved, colours.agree)),
    query: canvasOf(query, tint(query, colours.agree)),
  };
}

/** What part of the frame is seen: a zoom over the fitting size, and the point in the middle. */
export interface View {
  zoom: number;
  middle: Point;
}

/** A line through a point of the frame; the reserved imprint lies on its left hand. */
export interface Fold {
  at: Point;
  degrees: number;
}

export interface Scene {
  mode: Mode;
  frame: Box;
  layers: Layers;
  colours: Colours;
  view: View;
  fold: Fold;
  blinkShows: 'reserved' | 'query';
  differences: readonly Difference[];
  /** The vendor's evidence, square by square, in pixels of the reserved picture. */
  tiles: readonly { x: number; y: number; half: number; score: number }[];
  chosen: number | undefined;
  font: string;
}

/** Screen pixels to one pixel of the frame. */
export function scaleOf(frame: Box, width: number, height: number, zoom: number): number {
  return Math.min(width / (frame.right - frame.left), height / (frame.bottom - frame.top)) * zoom;
}

interface Pane {
  left: number;
  width: number;
  height: number;
}

export function panes(mode: Mode, width: number, height: number): Pane[] {
  if (mode !== 'side') return [{ left: 0, width, height }];
  return [
    { left: 0, width: width / 2, height },
    { left: width / 2, width: width / 2, height },
  ];
}

const css = ([red, green, blue]: Rgb) => `rgb(${red} ${green} ${blue})`;

function enter(context: CanvasRenderingContext2D, scene: Scene, pane: Pane): number {
  const scale = scaleOf(scene.frame, pane.width, pane.height, scene.view.zoom);
  context.beginPath();
  context.rect(pane.left, 0, pane.width, pane.height);
  context.clip();
  context.translate(pane.left + pane.width / 2, pane.height / 2);
  context.scale(scale, scale);
  context.translate(-scene.view.middle.x, -scene.view.middle.y);
  return scale;
}

function drawLayer(context: CanvasRenderingContext2D, scene: Scene, layer: HTMLCanvasElement) {
  const { left, top, right, bottom } = scene.frame;
  context.drawImage(layer, left, top, right - left, bottom - top);
}

function drawDifferences(context: CanvasRenderingContext2D, scene: Scene, scale: number) {
  context.strokeStyle = css(scene.colours.ink);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (const [index, difference] of scene.differences.entries()) {
    const radius = difference.radiusPx + 4 / scale;
    const chosen = index === scene.chosen;
    context.lineWidth = 1.5 / scale;
    context.setLineDash(chosen ? [] : [4 / scale, 4 / scale]);
    context.beginPath();
    context.arc(difference.at.x, difference.at.y, radius, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    const x = difference.at.x + radius * 0.71 + 8 / scale;
    const y = difference.at.y - radius * 0.71 - 8 / scale;
    context.beginPath();
    context.arc(x, y, 10 / scale, 0, 2 * Math.PI);
    context.fillStyle = css(chosen ? scene.colours.ink : scene.colours.surface);
    context.fill();
    context.stroke();
    context.fillStyle = css(chosen ? scene.colours.surface : scene.colours.ink);
    context.font = `600 ${13 / scale}px ${scene.font}`;
    context.fillText(letterOf(index), x, y);
  }
}

/** Findings carry letters, on the stage and in the table. */
export function letterOf(index: number): string {
  return String.fromCharCode(65 + index);
}

function drawFold(context: CanvasRenderingContext2D, scene: Scene, scale: number) {
  const reach =
    4 * Math.max(scene.frame.right - scene.frame.left, scene.frame.bottom - scene.frame.top);
  const half = (side: 1 | -1) => {
    context.beginPath();
    context.rect(-reach, side === 1 ? 0 : -reach, 2 * reach, reach);
    context.clip();
  };
  const along = (draw: () => void) => {
    context.save();
    context.translate(scene.fold.at.x, scene.fold.at.y);
    context.rotate((scene.fold.degrees * Math.PI) / 180);
    draw();
    context.restore();
  };
  for (const [side, layer] of [
    [1, scene.layers.reserved],
    [-1, scene.layers.query],
  ] as const) {
    context.save();
    context.translate(scene.fold.at.x, scene.fold.at.y);
    context.rotate((scene.fold.degrees * Math.PI) / 180);
    half(side);
    context.rotate((-scene.fold.degrees * Math.PI) / 180);
    context.translate(-scene.fold.at.x, -scene.fold.at.y);
    drawLayer(context, scene, layer);
    context.restore();
  }
  along(() => {
    context.strokeStyle = css(scene.colours.ink);
    context.lineWidth = 1.5 / scale;
    context.beginPath();
    context.moveTo(-reach, 0);
    context.lineTo(reach, 0);
    context.stroke();
    context.beginPath();
    context.arc(0, 0, 17 / scale, 0, 2 * Math.PI);
    context.fillStyle = css(scene.colours.surface);
    context.fill();
    context.stroke();
    context.beginPath();
    context.moveTo(0, -10 / scale);
    context.lineTo(0, 10 / scale);
    for (const side of [1, -1]) {
      context.moveTo(-5 / scale, (5 * side) / scale);
      context.lineTo(0, (10 * side) / scale);
      context.lineTo(5 / scale, (5 * side) / scale);
    }
    context.stroke();
  });
}

const faintImprint = 0.4;

/** Where the vendor saw a difference: the stronger, the darker. The strokes lie over it. */
function drawHeat(context: CanvasRenderingContext2D, scene: Scene) {
  const weakestFirst = [...scene.tiles].sort((a, b) => b.score - a.score);
  for (const { x, y, half, score } of weakestFirst) {
    const step = Math.min(heatNames.length - 1, Math.floor((1 - score) * heatNames.length));
    context.fillStyle = css(scene.colours[heatNames[step] ?? 'heat1']);
    context.fillRect(x - half, y - half, 2 * half, 2 * half);
  }
  context.globalAlpha = faintImprint;
  drawLayer(context, scene, scene.layers.reserved);
  context.globalAlpha = 1;
}

/** Draws the whole stage. `ratio` is device pixels to a CSS pixel; sizes are CSS pixels. */
export function paint(
  context: CanvasRenderingContext2D,
  scene: Scene,
  size: { width: number; height: number; ratio: number },
): void {
  context.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  context.fillStyle = css(scene.colours.stage);
  context.fillRect(0, 0, size.width, size.height);
  context.imageSmoothingQuality = 'high';
  for (const [index, pane] of panes(scene.mode, size.width, size.height).entries()) {
    context.save();
    const scale = enter(context, scene, pane);
    switch (scene.mode) {
      case 'side':
        drawLayer(context, scene, index === 0 ? scene.layers.reserved : scene.layers.query);
        break;
      case 'overlay':
        drawLayer(context, scene, scene.layers.overlay);
        drawDifferences(context, scene, scale);
        break;
      case 'blink':
        drawLayer(context, scene, scene.layers[scene.blinkShows]);
        break;
      case 'fold':
        drawFold(context, scene, scale);
        break;
      case 'heat':
        drawHeat(context, scene);
        drawDifferences(context, scene, scale);
        break;
    }
    context.restore();
  }
}
