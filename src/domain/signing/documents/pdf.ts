import type { PDFDict, PDFDocument, PDFRef } from '@cantoo/pdf-lib';
import { parseCertificate } from '../../../core/pki/certificate.ts';
import { instantText } from '../../../lib/time.ts';
import { CinnabarError } from '../../errors.ts';
import { signingKeyOf } from './identifiers.ts';
import type { DocumentSigner } from './ports.ts';
import { makeSignedData } from './signed-data.ts';
import { boundUnpacking } from './unpacking.ts';

/** Longer documents are refused before they are parsed. */
export const pdfBytesMax = 16 * 1024 * 1024;

export interface PdfSignatureRequest {
  readonly pdf: Uint8Array;
  /** Written into the signature dictionary as the signer's claim. */
  readonly signedAtMs: number;
  readonly reason?: string;
  readonly location?: string;
}

/** Loaded when a document is at hand: a quarter of a megabyte that other requests do not need. */
export const loadPdfLibrary = () => import('@cantoo/pdf-lib');

/** Room for what the CMS message holds beside the certificates. */
const messageBytes = 2048;
/** Ten digits for each number of the ByteRange, so that its length is known before its numbers. */
const rangePlaceholder = 9_999_999_999;

/**
 * Signs a PDF at level PAdES-B-B (ETSI EN 319 142-1 §6): a detached CMS message over every byte of
 * the file but itself, in a new revision, so that earlier revisions and their signatures stay.
 *
 * With an SM2 certificate the message names the algorithms of GM/T 0006; readers that do not know
 * them show the signature as one they cannot check.
 *
 * @throws CinnabarError `document_malformed` when it is no PDF, or an encrypted one
 */
export async function signPdf(
  signer: DocumentSigner,
  request: PdfSignatureRequest,
): Promise<Uint8Array> {
  const reserved = signer.chain.reduce(
    (sum, certificate) => sum + certificate.length,
    signer.certificate.length + messageBytes,
  );
  const prepared = await addSignatureField(request, reserved);
  const { start, end } = findPlaceholder(prepared, request.pdf.length, reserved);
  writeByteRange(prepared, request.pdf.length, { start, end });
  const content = coveredBytes(prepared, { start, end });
  // EN 319 142-1 §6.3: the time is in the dictionary and must not be in the message.
  const isSm2 = signingKeyOf(parseCertificate(signer.certificate).spki) === 'sm2';
  const message = await makeSignedData(signer, {
    content,
    detached: true,
    ...(isSm2 ? { form: 'rfc5652' } : {}),
  });
  if (message.length > reserved) throw new RangeError('pdf: the message is longer than expected');
  writeText(prepared, start + 1, hexOf(message));
  return prepared;
}

/** Where the hexadecimal string of the signature stands, borders included. */
export interface PdfGap {
  readonly start: number;
  readonly end: number;
}

/** All of the file but the gap, in one piece: what a signature covers. */
export function coveredBytes(pdf: Uint8Array, { start, end }: PdfGap): Uint8Array {
  const covered = new Uint8Array(start + pdf.length - end);
  covered.set(pdf.subarray(0, start));
  covered.set(pdf.subarray(end), start);
  return covered;
}

/** @throws CinnabarError `document_malformed`, also for one that is too large unpacked */
export async function openPdf(
  pdf: Uint8Array,
  options: { readonly forIncrementalUpdate: boolean },
): Promise<PDFDocument> {
  if (pdf.length > pdfBytesMax) throw new CinnabarError('document_malformed');
  const library = await loadPdfLibrary();
  const { PDFDocument, ParseSpeeds } = library;
  const isWithinRoom = boundUnpacking(library);
  const speed = { parseSpeed: ParseSpeeds.Fastest, updateMetadata: false };
  const document = await PDFDocument.load(pdf, { ...options, ...speed }).catch((cause) => {
    // The library has no error class of its own for this: whatever it throws, it cannot read it.
    throw new CinnabarError('document_malformed', { cause });
  });
  // It goes on with what it could read where a stream could not be unpacked.
  if (!isWithinRoom()) throw new CinnabarError('document_malformed');
  return document;
}

async function addSignatureField(
  request: PdfSignatureRequest,
  reserved: number,
): Promise<Uint8Array> {
  const library = await loadPdfLibrary();
  const { PDFHexString, PDFString } = library;
  const document = await openPdf(request.pdf, { forIncrementalUpdate: true });
  const { context } = document;
  try {
    const signature = context.obj({
      Type: 'Sig',
      Filter: 'Adobe.PPKLite',
      SubFilter: 'ETSI.CAdES.detached',
      ByteRange: [0, rangePlaceholder, rangePlaceholder, rangePlaceholder],
      Contents: PDFHexString.of('0'.repeat(2 * reserved)),
      M: PDFString.of(pdfTime(request.signedAtMs)),
    });
    for (const [name, text] of [
      ['Reason', request.reason],
      ['Location', request.location],
    ] as const) {
      if (text !== undefined) {
        signature.set(library.PDFName.of(name), PDFHexString.fromText(text));
      }
    }
    const page = document.getPage(0);
    const field = context.register(
      context.obj({
        Type: 'Annot',
        Subtype: 'Widget',
        FT: 'Sig',
        // An invisible field of zero size, printed and locked (ISO 32000-1 §12.5.3).
        Rect: [0, 0, 0, 0],
        F: 132,
        T: PDFString.of(freeName(library, document)),
        P: page.ref,
        V: context.register(signature),
      }),
    );
    page.node.addAnnot(field);
    addToForm(library, document, field);
    return await document.commit({ useObjectStreams: false });
  } catch (cause) {
    throw new CinnabarError('document_malformed', { cause });
  }
}

type Library = Awaited<ReturnType<typeof loadPdfLibrary>>;

/** The interactive form of the document, if it has one (ISO 32000-1 §12.7.2). */
export function formOf(library: Library, document: PDFDocument): PDFDict | undefined {
  return document.catalog.lookupMaybe(library.PDFName.of('AcroForm'), library.PDFDict);
}

function addToForm(library: Library, document: PDFDocument, field: PDFRef): void {
  const { PDFArray, PDFName, PDFNumber } = library;
  const { context } = document;
  const old = formOf(library, document);
  const form = context.obj({});
  for (const [key, value] of old?.entries() ?? []) form.set(key, value);
  const fields = context.obj([]);
  const oldFields = old?.lookupMaybe(PDFName.of('Fields'), PDFArray);
  for (let i = 0; i < (oldFields?.size() ?? 0); i++) fields.push(oldFields?.get(i) ?? field);
  fields.push(field);
  form.set(PDFName.of('Fields'), fields);
  // Signatures exist, and the file may only grow (ISO 32000-1 table 219).
  form.set(PDFName.of('SigFlags'), PDFNumber.of(3));
  document.catalog.set(PDFName.of('AcroForm'), context.register(form));
}

/** `Signature1`, or the first number that is not taken. */
function freeName(library: Library, document: PDFDocument): string {
  const form = formOf(library, document);
  const fields = form?.lookupMaybe(library.PDFName.of('Fields'), library.PDFArray);
  return `Signature${(fields?.size() ?? 0) + 1}`;
}

/** `D:YYYYMMDDHHmmSSZ` (ISO 32000-1 §7.9.4). */
function pdfTime(ms: number): string {
  return `D:${instantText(ms).slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

function findPlaceholder(pdf: Uint8Array, from: number, reserved: number): PdfGap {
  const start = findText(pdf, from, `<${'0'.repeat(2 * reserved)}>`);
  return { start, end: start + 2 * reserved + 2 };
}

function writeByteRange(pdf: Uint8Array, from: number, { start, end }: PdfGap): void {
  const placeholder = `[ 0 ${rangePlaceholder} ${rangePlaceholder} ${rangePlaceholder} ]`;
  const range = `[ 0 ${start} ${end} ${pdf.length - end} ]`.padEnd(placeholder.length);
  writeText(pdf, findText(pdf, from, placeholder), range);
}

function findText(pdf: Uint8Array, from: number, text: string): number {
  const wanted = new TextEncoder().encode(text);
  for (
    let at = pdf.indexOf(wanted[0] ?? 0, from);
    at >= 0;
    at = pdf.indexOf(wanted[0] ?? 0, at + 1)
  ) {
    if (wanted.every((byte, i) => pdf[at + i] === byte)) return at;
  }
  throw new RangeError('pdf: the place of the signature was not written');
}

function writeText(pdf: Uint8Array, at: number, text: string): void {
  pdf.set(new TextEncoder().encode(text), at);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
