// What is measured of seal verification, in every host: each stage of one verification of a sample
// scan (300 dpi reserved, 200 dpi query), and the whole from pixels to verdict.
import queryFile from '../src/console/public/samples/r01-g0.jpg';
import reservedFile from '../src/console/public/samples/r01-reserved.jpg';
import type { Raster } from '../src/core/raster.ts';
import type { Seal } from '../src/core/seal.ts';
import type { Contestant, Row } from './harness.ts';

/** One vendor from two rasters to a score, by other means. */
export type Peer = (reserved: Raster, query: Raster) => Contestant;

export function sealRows(seal: Seal, peer?: Peer): Row[] {
  const reserved: Raster = { ...seal.decode(reservedFile), dpi: 300 };
  const query: Raster = { ...seal.decode(queryFile), dpi: 200 };
  const row = (id: string, title: string, run: () => unknown, ...others: Contestant[]): Row => ({
    id,
    title,
    contestants: [{ name: 'cinnabar', run }, ...others],
  });
  const size = `${query.width} x ${query.height}`;
  const vendors = seal.vendors.map(({ code }) => {
    const template = seal.enrol(reserved, code, 'reserved');
    return { code, template, drawn: seal.enrol(query, code) };
  });
  const templates = new Map(vendors.map(({ code, template }) => [code, template]));
  return [
    row('seal-decode', `decode, JPEG ${size}`, () => seal.decode(queryFile)),
    row('seal-precheck', `pre-check, ${size}`, () => seal.precheck(query)),
    row('seal-examine', `signs of a secondary capture, ${size}`, () => seal.examine(query)),
    ...vendors.map(({ code }) =>
      row(`seal-enrol-${code}`, `enrol for a comparison, ${code}`, () =>
        seal.enrol(query, code, 'comparison'),
      ),
    ),
    ...vendors.map(({ code, template, drawn }) =>
      row(`seal-match-${code}`, `template to template, ${code}`, () =>
        seal.match(code, template, drawn),
      ),
    ),
    row(
      'seal-one',
      'one vendor (stroke), both pictures to a score',
      () =>
        seal.match(
          'stroke',
          seal.enrol(reserved, 'stroke', 'reserved'),
          seal.enrol(query, 'stroke', 'comparison'),
        ),
      ...(peer ? [peer(reserved, query)] : []),
    ),
    row('seal-verify', 'one verification, three vendors, query pixels to verdict', () =>
      seal.verify(templates, query),
    ),
  ];
}
