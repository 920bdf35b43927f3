// Vendor "glyphs": centre lines, which do not change with the weight of the ink. They are laid over
// each other by their distance, and every glyph answers for itself. The ABI is described in
// docs/vendor-abi.md.
import { at } from '../../seal/plane';
import { NOT_FOUND } from '../../shared/status';
import { chosen, chosenScale, chosenScore, chosenTile, decide, setTiles, shape } from '../decision';
import { install, tilesThatFit, writeHeadOfResult, writeTile } from '../entry';
import { writeTransform } from '../projective';
import { height, unpack, unpackReserved, width } from '../template';
import { binarise } from './binarise';
import { gather, SCALES, WHOLE, wholeFigures } from './evidence';
import { showReserved } from './eye';
import { FIGURES, groupCounts, groupFigures, groupPlaces, pointerAt } from './groups';
import { CODE, NAME, VERSION } from './identity';
import { isGrey, prepareQuery, prepareReserved } from './lines';
import { doubtOfMarks, withDoubt } from './marks';
import { distance, motion, register } from './place';
import { ACCEPT, MODELS, REJECT, scales, values } from './weights.gen';

export { alloc, compare, enrol, info, reset, restore } from '../entry';

const CANONICAL_PX_PER_MM: f32 = 300 / 25.4;
/** Lines off, missing, too many, own shift and its weight, theirs off, and the eye's odds. */
const criteria = memory.data<u8>([1, 2, 3, 4, 5, 7, 9, 14, 15]);

let reservedWidth: i32 = 0;
let reservedHeight: i32 = 0;

function compareLines(
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
  if (!prepareReserved()) return NOT_FOUND;
  showReserved();
  status = unpack(query, queryLength, false);
  if (status != 0) return status;
  prepareQuery();
  register();
  const unknownShare = gather();
  for (let scale = 0; scale < SCALES; scale++) {
    const count = load<i32>(groupCounts + ((<usize>scale) << 2));
    setTiles(scale, count, pointerAt(groupFigures, scale));
  }
  const score = withDoubt(decide(wholeFigures, isGrey), doubtOfMarks());
  const count = tilesThatFit(capacity, chosen);
  for (let i = 0; i < count; i++) {
    const scale = load<i32>(chosenScale + ((<usize>i) << 2));
    const place = 3 * load<i32>(chosenTile + ((<usize>i) << 2));
    const places = pointerAt(groupPlaces, scale);
    const x = at(places, place) * CANONICAL_PX_PER_MM + 0.5 * <f32>(reservedWidth - 1);
    const y = at(places, place + 1) * CANONICAL_PX_PER_MM + 0.5 * <f32>(reservedHeight - 1);
    writeTile(out, i, x, y, at(places, place + 2) * CANONICAL_PX_PER_MM, at(chosenScore, i));
  }
  writeTransform(out + 12, motion, width, height, reservedWidth, reservedHeight);
  const found = <f32>Math.max(0, 1 - distance / 0.6);
  return writeHeadOfResult(out, score, found, unknownShare, count);
}

shape(SCALES, FIGURES, WHOLE, criteria, 9, MODELS, scales, values);
install(CODE, NAME, VERSION, ACCEPT, REJECT, binarise, compareLines);
