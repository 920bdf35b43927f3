import type { Imprint } from '../client/index.ts';
import type { Precheck } from '../core/precheck.ts';
import type { Raster } from '../core/raster.ts';

/** What the core saw in this browser, before anything was sent (B11). */
export interface Look {
  width: number;
  height: number;
  dpi: number | undefined;
  precheck: Precheck;
}

/** The module is fetched and compiled when the first picture is chosen. */
const pictures = (() => {
  let loading: Promise<import('../core/pictures.ts').Pictures> | undefined;
  return () => {
    loading ??= import('../core/pictures.ts').then(({ loadPictures }) => loadPictures());
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
})();

async function rasterOf(picture: Blob): Promise<Raster> {
  const { decode } = await pictures();
  return decode(new Uint8Array(await picture.arrayBuffer()));
}

/**
 * Decodes and checks an imprint, beside the reserved one where that is known.
 *
 * @throws SealError when the picture cannot be read
 */
export async function lookAt(imprint: Imprint, reserved: Blob | undefined): Promise<Look> {
  const { precheck } = await pictures();
  const decoded = await rasterOf(imprint.bytes);
  const dpi = imprint.dpi ?? decoded.dpi;
  const raster: Raster = dpi === undefined ? decoded : { ...decoded, dpi };
  // A reserved picture that cannot be read is no fault of the query.
  const beside = reserved && (await rasterOf(reserved).catch(() => undefined));
  return { width: raster.width, height: raster.height, dpi, precheck: precheck(raster, beside) };
}

/** The same look at a picture that is no file yet, such as a frame of a camera. */
export async function lookAtRaster(raster: Raster): Promise<Look> {
  const { precheck } = await pictures();
  const { width, height, dpi } = raster;
  return { width, height, dpi, precheck: precheck(raster) };
}
