import { expect, test } from 'vitest';
import { loadPictures } from '../../../src/core/pictures.ts';
import { SealError } from '../../../src/core/seal-error.ts';

/** A progressive 4:2:0 JPEG of 16 by 16 pixels, red left and white right. */
const JPEG =
  '/9j/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8XGBYUGBIUFRT' +
  '/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBT/wgAR' +
  'CAAQABADASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAACAb/xAAVAQEBAAAAAAAAAAAAAAAAAAAEBv/aAAwDAQACEAMQA' +
  'AABlGoK2oGx/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABBQIf/8QAGBEAAgMAAAAAAAAAAAAAAAAAAAZDgcH/2gAIAQ' +
  'MBAT8BYYrw/8QAFhEAAwAAAAAAAAAAAAAAAAAAAARB/9oACAECAQE/AVqf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQA' +
  'GPwIf/8QAFBABAAAAAAAAAAAAAAAAAAAAIP/aAAgBAQABPyEf/9oADAMBAAIAAwAAABD/AP/EABQRAQAAAAAAAAAAAAAAAAAA' +
  'AAD/2gAIAQMBAT8QX//EABURAQEAAAAAAAAAAAAAAAAAAMEA/9oACAECAQE/EBb/xAAUEAEAAAAAAAAAAAAAAAAAAAAg/9oAC' +
  'AEBAAE/EB//2Q==';

test('JPEG is read inside workerd', async () => {
  const pictures = await loadPictures();
  const { width, height, rgba } = pictures.decode(
    Uint8Array.from(atob(JPEG), (letter) => letter.charCodeAt(0)),
  );
  expect([width, height]).toEqual([16, 16]);
  expect([...rgba.subarray(0, 4)]).toEqual([200, 50, 61, 255]);
  expect([...rgba.subarray(60, 64)]).toEqual([255, 255, 255, 255]);
});

test('PNG is written and read, refused when cut, and looked at, inside workerd', async () => {
  const pictures = await loadPictures();
  const bits = Uint8Array.from({ length: 25 * 200 }, (_, at) => (at % 25 < 12 ? 0xff : 0));
  const file = pictures.encodeBitmapPng({ width: 200, height: 200, bits }, 300);
  const raster = pictures.decode(file);
  expect([raster.width, raster.height, raster.dpi]).toEqual([200, 200, 300]);
  expect([...raster.rgba.subarray(95 * 4, 97 * 4)]).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  expect(() => pictures.decode(file.subarray(0, -20))).toThrow(SealError);
  expect(pictures.precheck(raster).reasons.map(({ code }) => code)).toContain('cut_off');
});
