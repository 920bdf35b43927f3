// Vendor "spectrum": ink itself, without edges and without a threshold. Spectra that know neither
// place nor turn find the motion; then every square of the imprint is correlated with the query. The
// ABI is described in docs/vendor-abi.md.
import { at } from '../../seal/plane';
import { chosen, chosenScale, chosenScore, chosenTile, decide, setTiles, shape } from '../decision';
import { install, tilesThatFit, writeHeadOfResult, writeTile } from '../entry';
import { writeTransform } from '../projective';
import { height, unpack, unpackReserved, width } from '../template';
import {
  FIGURES,
  gather,
  pointerAt,
  SCALES,
  sideOf,
  tileCounts,
  tileFigures,
  tilePlaces,
  WHOLE,
  wholeFigures,
} from './evidence';
import { likeness, motion, register } from './fit';
import { CODE, NAME, VERSION } from './identity';
import { isGrey, prepareQuery, prepareReserved } from './sheets';
import { unmix } from './unmix';
import { ACCEPT, MODELS, REJECT, scales, values } from './weights.gen';

export { alloc, compare, enrol, info, reset, restore } from '../entry';

/** Share of squares that fit, own shift, missing and surplus ink; 128: small is suspicious. */
const criteria = memory.data<u8>([0 + 128, 1 + 128, 3, 9, 10, 11, 12]);

let reservedWidth: i32 = 0;
let reservedHeight: i32 = 0;

function compareInk(
  reserved: usize,
  reservedLength: i32,
  query: usize,
  queryLength: i32,
  out: usize,
  capacity: i32,
): i32 {
  let status = unpackReserved(reserved, reservedLength);
  if (status != 0) return status;
  reservedWidth = width;
  reservedHeight = height;
  prepareReserved();
  status = unpack(query, queryLength, false);
  if (status != 0) return status;
  prepareQuery();
  const unknownShare = gather(register());
  for (let scale = 0; scale < SCALES; scale++) {
    const count = load<i32>(tileCounts + ((<usize>scale) << 2));
    setTiles(scale, count, pointerAt(tileFigures, scale));
  }
  const score = decide(wholeFigures, isGrey);
  const count = tilesThatFit(capacity, chosen);
  for (let i = 0; i < count; i++) {
    const scale = load<i32>(chosenScale + ((<usize>i) << 2));
    const tile = load<i32>(chosenTile + ((<usize>i) << 2));
    const place = pointerAt(tilePlaces, scale) + ((<usize>(2 * tile)) << 2);
    const half = <f32>sideOf(scale);
    const x: f32 = <f32>(load<i32>(place) << 1) + half;
    const y: f32 = <f32>(load<i32>(place, 4) << 1) + half;
    writeTile(out, i, x, y, half, at(chosenScore, i));
  }
  writeTransform(out + 12, motion, width, height, reservedWidth, reservedHeight);
  return writeHeadOfResult(out, score, <f32>likeness, unknownShare, count);
}

shape(SCALES, FIGURES, WHOLE, criteria, 7, MODELS, scales, values);
install(CODE, NAME, VERSION, ACCEPT, REJECT, unmix, compareInk);
