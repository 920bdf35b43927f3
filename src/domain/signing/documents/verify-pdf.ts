import type { PDFDict } from '@cantoo/pdf-lib';
import { hexToBytes } from '@noble/hashes/utils.js';
import { DerError, DerReader } from '../../../lib/der.ts';
import { CinnabarError } from '../../errors.ts';
import { coveredBytes, formOf, loadPdfLibrary, openPdf, type PdfGap } from './pdf.ts';
import {
  type SignedDataRefusal,
  type VerifiedSigner,
  verifySignedData,
} from './verify-signed-data.ts';

export type PdfRefusal =
  | 'pdf_malformed'
  | 'not_signed'
  /** The byte range is not the file with one gap for this very signature. */
  | 'byte_range_invalid'
  | 'signature_kind_unsupported'
  /** Bytes follow that no signature covers. */
  | 'changed_after_signing'
  | SignedDataRefusal;

export interface PdfSignature {
  readonly signers: readonly VerifiedSigner[];
  readonly certificates: readonly Uint8Array[];
  /** How many bytes of the file the signature covers from its start, its own gap left out. */
  readonly revisionBytes: number;
}

export type PdfVerdict =
  | { readonly ok: true; readonly signatures: readonly PdfSignature[] }
  | { readonly ok: false; readonly reason: PdfRefusal };

/** ETSI EN 319 142-1 §5.3, and what readers wrote before it. Both are detached CMS messages. */
const kinds: ReadonlySet<string> = new Set(['/ETSI.CAdES.detached', '/adbe.pkcs7.detached']);
const signaturesMax = 32;

/**
 * Verifies every signature of a PDF, and that the last one covers the file to its end.
 *
 * An earlier signature covers its own revision; what a later revision changed is covered by a later
 * signature, whose signer saw it. Whether the certificates are good is the caller's to check.
 */
export async function verifyPdf(pdf: Uint8Array): Promise<PdfVerdict> {
  try {
    const dictionaries = await signatureDictionaries(pdf);
    if (dictionaries.length === 0) return refused('not_signed');
    const signatures: PdfSignature[] = [];
    for (const dictionary of dictionaries) {
      const outcome = await verifyOne(pdf, dictionary);
      if (typeof outcome === 'string') return refused(outcome);
      signatures.push(outcome);
    }
    const covered = Math.max(...signatures.map(({ revisionBytes }) => revisionBytes));
    return covered === pdf.length
      ? { ok: true, signatures: signatures.toSorted((a, b) => a.revisionBytes - b.revisionBytes) }
      : refused('changed_after_signing');
  } catch (error) {
    if (error instanceof CinnabarError || error instanceof DerError)
      return refused('pdf_malformed');
    throw error;
  }
}

const refused = (reason: PdfRefusal) => ({ ok: false, reason }) as const;

interface SignatureDictionary {
  readonly kind: string;
  readonly range: readonly number[];
  readonly contents: Uint8Array;
}

async function verifyOne(
  pdf: Uint8Array,
  { kind, range, contents }: SignatureDictionary,
): Promise<PdfSignature | PdfRefusal> {
  if (!kinds.has(kind)) return 'signature_kind_unsupported';
  const [zero = -1, start = -1, end = -1, tail = -1] = range;
  const revisionBytes = end + tail;
  const isWhole =
    range.length === 4 &&
    range.every(Number.isSafeInteger) &&
    zero === 0 &&
    start > 0 &&
    end > start &&
    tail >= 0;
  if (!isWhole || revisionBytes > pdf.length) return 'byte_range_invalid';
  if (!isGapOf(pdf, { start, end }, contents)) return 'byte_range_invalid';
  const message = unpadded(contents);
  const covered = coveredBytes(pdf.subarray(0, revisionBytes), { start, end });
  const verdict = await verifySignedData(message, covered);
  if (!verdict.ok) return verdict.reason;
  const { signers, certificates } = verdict;
  return { signers, certificates, revisionBytes };
}

/** The gap must be the hexadecimal string of this signature: anything else in it nobody signed. */
function isGapOf(pdf: Uint8Array, { start, end }: PdfGap, contents: Uint8Array): boolean {
  const text = new TextDecoder('latin1').decode(pdf.subarray(start, end));
  if (!/^<(?:[0-9A-Fa-f]{2})+>$/.test(text)) return false;
  const bytes = hexToBytes(text.slice(1, -1));
  return bytes.length === contents.length && bytes.every((byte, i) => byte === contents[i]);
}

/** The message without the zeros that fill up its place. */
function unpadded(contents: Uint8Array): Uint8Array {
  const { whole } = new DerReader(contents).any();
  if (contents.subarray(whole.length).some((byte) => byte !== 0)) {
    throw new DerError('bytes follow the message');
  }
  return whole;
}

async function signatureDictionaries(pdf: Uint8Array): Promise<SignatureDictionary[]> {
  const library = await loadPdfLibrary();
  const document = await openPdf(pdf, { forIncrementalUpdate: false });
  try {
    const fields = formOf(library, document)?.lookupMaybe(
      library.PDFName.of('Fields'),
      library.PDFArray,
    );
    const found: SignatureDictionary[] = [];
    for (let i = 0; i < (fields?.size() ?? 0); i++) {
      const field = fields?.lookupMaybe(i, library.PDFDict);
      const value = field && signatureOf(library, field);
      if (value) found.push(value);
      if (found.length > signaturesMax) throw new RangeError('pdf: too many signatures');
    }
    return found;
  } catch (cause) {
    throw new CinnabarError('document_malformed', { cause });
  }
}

function signatureOf(
  library: Awaited<ReturnType<typeof loadPdfLibrary>>,
  field: PDFDict,
): SignatureDictionary | undefined {
  const { PDFArray, PDFDict, PDFHexString, PDFName, PDFNumber } = library;
  const name = (text: string) => PDFName.of(text);
  if (field.lookupMaybe(name('FT'), PDFName)?.toString() !== '/Sig') return undefined;
  const value = field.lookupMaybe(name('V'), PDFDict);
  if (!value) return undefined;
  const numbers = value.lookup(name('ByteRange'), PDFArray);
  const range = Array.from({ length: numbers.size() }, (_, i) =>
    numbers.lookup(i, PDFNumber).asNumber(),
  );
  return {
    kind: value.lookup(name('SubFilter'), PDFName).toString(),
    range,
    contents: value.lookup(name('Contents'), PDFHexString).asBytes(),
  };
}
