type Library = typeof import('@cantoo/pdf-lib');

/**
 * Room that the streams of one document may take unpacked, in bytes. Object streams of office
 * documents take a few megabytes; a Worker has 128.
 */
export const unpackedBytesMax = 16 * 1024 * 1024;

/** What all decoders of the library have in common: they ask for room here before they write. */
interface Decoder {
  readonly buffer: Uint8Array;
  ensureBuffer(requested: number): Uint8Array;
}

let left = 0;
let isBounded = false;

/**
 * Gives the next document its room. The library unpacks object streams before anybody can look at
 * them, and a hundred kilobytes of file become a hundred megabytes (CWE-409); it knows no limit of
 * its own. It reads a document without giving up control, so one account is enough.
 *
 * @returns whether the document has kept within its room
 */
export function boundUnpacking(library: Library): () => boolean {
  if (!isBounded) boundDecoders(library);
  isBounded = true;
  left = unpackedBytesMax;
  return () => left >= 0;
}

function boundDecoders({ decodePDFRawStream, PDFContext, PDFRawStream }: Library): void {
  const dictionary = PDFContext.create().obj({ Filter: 'ASCIIHexDecode' });
  const any = decodePDFRawStream(PDFRawStream.of(dictionary, new Uint8Array(0)));
  const decoders: Decoder = Object.getPrototypeOf(Object.getPrototypeOf(any));
  const { ensureBuffer } = decoders;
  if (typeof ensureBuffer !== 'function') {
    throw new TypeError('pdf: the decoders of the library are not what they were');
  }
  decoders.ensureBuffer = function bounded(this: Decoder, requested: number): Uint8Array {
    const more = requested - this.buffer.byteLength;
    // The library doubles a buffer that is too small.
    if (more > 0) left -= Math.max(requested, 2 * this.buffer.byteLength);
    if (left < 0) throw new RangeError('pdf: too large unpacked');
    return ensureBuffer.call(this, requested);
  };
}
