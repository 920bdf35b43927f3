import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp, { type Sharp } from 'sharp';

// Pictures of people that the face library brings along as its samples: six pictures, twenty-two
// faces. They are read where the package has them and are no part of this repository. Faces of one
// picture are different people; of faces of different pictures nothing is known.

const package_ = '../../src/hosts/biometrics/node_modules/@vladmandic/face-api/demo/';
const pictureAt = (picture: number) =>
  fileURLToPath(new URL(`${package_}sample${picture}.jpg`, import.meta.url));

/** The built host, with the pictures to try it on; undefined with a word why not. */
export function biometricsHost(): string | undefined {
  const path = fileURLToPath(new URL('../../dist/biometrics/biometrics.js', import.meta.url));
  if (existsSync(path) && existsSync(pictureAt(1))) return path;
  process.stdout.write('\nno biometrics host: npm run biometrics:build makes one\n');
  return undefined;
}

/** Where a face is, in pixels of its picture. */
interface Place {
  readonly picture: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const place = (picture: number, left: number, top: number, width: number, height: number) => ({
  picture,
  left,
  top,
  width,
  height,
});

/** As the detector found them once. */
export const facePlaces: readonly Place[] = [
  place(1, 414, 354, 178, 240),
  place(1, 837, 420, 189, 227),
  place(1, 1476, 198, 203, 240),
  place(2, 1446, 154, 193, 243),
  place(2, 900, 222, 155, 231),
  place(2, 362, 129, 152, 261),
  place(3, 585, 329, 200, 271),
  place(3, 1514, 289, 170, 284),
  place(3, 1074, 215, 221, 298),
  place(4, 664, 50, 186, 262),
  place(4, 257, 185, 161, 246),
  place(4, 988, 179, 170, 227),
  place(4, 1277, 138, 146, 250),
  place(5, 786, 109, 156, 211),
  place(5, 1112, 197, 160, 238),
  place(5, 598, 414, 165, 249),
  place(5, 1406, 388, 166, 275),
  place(5, 377, 861, 172, 299),
  place(6, 680, 321, 159, 307),
  place(6, 1180, 308, 187, 278),
  place(6, 1487, 262, 210, 298),
  place(6, 250, 467, 209, 293),
];

/** What is done to the same shot before it is shown again. */
export const variations = {
  plain: (picture: Sharp) => picture,
  recompressed: (picture: Sharp) => picture.jpeg({ quality: 45 }),
  darker: (picture: Sharp) => picture.modulate({ brightness: 0.75 }),
  tilted: (picture: Sharp) => picture.rotate(6, { background: '#808080' }),
  mirrored: (picture: Sharp) => picture.flop(),
} as const;
export type Variation = keyof typeof variations;

/** A JPEG file of one face with its surroundings, small enough for a session. */
export async function faceFile(
  { picture, left, top, width, height }: Place,
  variation: Variation = 'plain',
): Promise<Uint8Array> {
  const around = 0.3;
  const file = sharp(pictureAt(picture));
  const size = await file.metadata();
  const at = (edge: number, most: number) => Math.max(0, Math.min(most, Math.round(edge)));
  const [x, y] = [at(left - around * width, size.width), at(top - around * height, size.height)];
  const cut = {
    left: x,
    top: y,
    width: at(left + (1 + around) * width, size.width) - x,
    height: at(top + (1 + around) * height, size.height) - y,
  };
  const face = await file.extract(cut).resize(320, 320, { fit: 'inside' }).png().toBuffer();
  const varied = variations[variation](sharp(face));
  const quality = variation === 'recompressed' ? 45 : 85;
  return new Uint8Array(await varied.jpeg({ quality }).toBuffer());
}

/** A picture without a face, and one with all of a group. */
export async function emptyAndCrowded(): Promise<{ empty: Uint8Array; crowded: Uint8Array }> {
  const background = { r: 120, g: 140, b: 160 };
  const blank = sharp({ create: { width: 320, height: 320, channels: 3, background } });
  const group = sharp(pictureAt(6)).resize(640).jpeg({ quality: 40 });
  return {
    empty: new Uint8Array(await blank.jpeg().toBuffer()),
    crowded: new Uint8Array(await group.toBuffer()),
  };
}
