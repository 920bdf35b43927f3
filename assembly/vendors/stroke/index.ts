// Vendor "stroke": registered stroke difference. The reserved strokes are laid over the query by a
// rigid and then an elastic motion, and every small square of the imprint is asked how far its edges
// lie off and where ink is missing or too much. The ABI is described in docs/vendor-abi.md.
import { extractInk } from '../../seal/ink';
import { at } from '../../seal/plane';
import { NOT_FOUND } from '../../shared/status';
import { chosen, chosenScale, chosenScore, chosenTile, decide, setTiles, shape } from '../decision';
import { install, tilesThatFit, writeHeadOfResult, writeTile } from '../entry';
import { writeTransform } from '../projective';
import { height, unpack, unpackReserved, width } from '../template';
import { prepareArea } from './area';
import { correct } from './elastic';
import { countMarks, withCaution } from './fine';
import { CODE, NAME, VERSION } from './identity';
import { isGrey, prepareQuery, prepareReserved } from './imprint';
import { register } from './rigid';
import { Motion, moveX, moveY } from './search';
import {
  FIGURES,
  gatherTiles,
  halfOf,
  pointerAt,
  SCALES,
  tileCentres,
  tileCounts,
  tileFigures,
} from './tiles';
import { ACCEPT, MODELS, REJECT, scales, values } from './weights.gen';
import { gatherWhole, WHOLE_FIGURES, wholeFigures } from './whole';

export { alloc, compare, enrol, info, reset, restore } from '../entry';

const CANONICAL_PX_PER_MM: f64 = 300 / 25.4;
const criteria = memory.data<u8>([6, 9, 18, 19, 20, 21, 22, 23, 25, 15 + 128]);

let reservedWidth: i32 = 0;
let reservedHeight: i32 = 0;

function compareStrokes(
  reserved: usize,
  reservedLength: i32,
  query: usize,
  queryLength: i32,
  out: usize,
  capacity: i32,
): i32 {
  memory.fill(moveX, 0, 12288 * 4);
  memory.fill(moveY, 0, 12288 * 4);
  let status = unpackReserved(reserved, reservedLength);
  if (status != 0) return status;
  reservedWidth = width;
  reservedHeight = height;
  if (!prepareReserved()) return NOT_FOUND;
  status = unpack(query, queryLength, false);
  if (status != 0) return status;
  prepareQuery();
  const motion = register();
  correct(motion);
  prepareArea(motion);
  gatherTiles();
  const unknownShare = gatherWhole(motion);
  for (let scale = 0; scale < SCALES; scale++) {
    const count = load<i32>(tileCounts + ((<usize>scale) << 2));
    setTiles(scale, count, pointerAt(tileFigures, scale));
  }
  const score = withCaution(decide(wholeFigures, isGrey), countMarks());
  return writeResult(out, capacity, motion, score, unknownShare);
}

function writeResult(
  out: usize,
  capacity: i32,
  motion: Motion,
  score: f32,
  unknownShare: f32,
): i32 {
  const count = tilesThatFit(capacity, chosen);
  writeTransformOf(out + 12, motion);
  for (let i = 0; i < count; i++) {
    const scale = load<i32>(chosenScale + ((<usize>i) << 2));
    const tile = load<i32>(chosenTile + ((<usize>i) << 2));
    const centres = pointerAt(tileCentres, scale);
    const perMm = <f32>CANONICAL_PX_PER_MM;
    const x = at(centres, 2 * tile) * perMm + 0.5 * <f32>(reservedWidth - 1);
    const y = at(centres, 2 * tile + 1) * perMm + 0.5 * <f32>(reservedHeight - 1);
    writeTile(out, i, x, y, halfOf(scale) * perMm, at(chosenScore, i));
  }
  return writeHeadOfResult(out, score, <f32>motion.found, unknownShare, count);
}

const matrix = memory.data(9 * 8);

function writeTransformOf(out: usize, m: Motion): void {
  store<f64>(matrix, m.m0 + m.x * m.tiltX);
  store<f64>(matrix, m.m1 + m.x * m.tiltY, 8);
  store<f64>(matrix, m.x, 16);
  store<f64>(matrix, m.m2 + m.y * m.tiltX, 24);
  store<f64>(matrix, m.m3 + m.y * m.tiltY, 32);
  store<f64>(matrix, m.y, 40);
  store<f64>(matrix, m.tiltX, 48);
  store<f64>(matrix, m.tiltY, 56);
  store<f64>(matrix, 1, 64);
  writeTransform(out, matrix, width, height, reservedWidth, reservedHeight);
}

shape(SCALES, FIGURES, WHOLE_FIGURES, criteria, 10, MODELS, scales, values);
install(CODE, NAME, VERSION, ACCEPT, REJECT, extractInk, compareStrokes);
