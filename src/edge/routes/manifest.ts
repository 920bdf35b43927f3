import { CinnabarError, type FieldError } from '../../domain/errors.ts';
import { batchVouchersMax, type NewVoucher } from '../../domain/seals/vouchers.ts';
import { CsvError, type CsvTable, parseCsv } from '../../lib/csv.ts';
import {
  branchSchema,
  currencySchema,
  digits,
  line,
  paperNumberSchema,
} from '../schemas/common.ts';
import { manifestCharactersMax } from '../schemas/jobs.ts';
import { dpiSchema } from '../schemas/seals.ts';
import { pictureOf } from './input.ts';

const required = ['picture', 'seal', 'currency', 'amountMinor'] as const;
const optional = ['branch', 'reference', 'dpi'] as const;
const referenceSchema = line(100);
/** Of one answer: a table can be wrong in every cell. */
const problemsMax = 100;
const amountSchema = digits(0, Number.MAX_SAFE_INTEGER);

/**
 * The vouchers that a manifest names, each with its picture.
 *
 * @throws CinnabarError `invalid_request` with everything that is wrong, by row and column
 */
export async function readManifest(
  manifest: string | File,
  pictures: readonly File[],
  defaultBranch: string,
): Promise<readonly NewVoucher[]> {
  const { header: head, rows: body } = tableOf(await textOf(manifest));
  const columns = [...required, ...optional];
  const wrongHead = [
    ...required.flatMap((name) => (head.includes(name) ? [] : [{ at: name, code: 'required' }])),
    // By its place: the name is what somebody sent.
    ...head.flatMap((name, index) =>
      columns.some((known) => known === name) ? [] : [{ at: String(index + 1), code: 'unknown' }],
    ),
  ];
  if (wrongHead.length > 0) {
    throw invalid(
      wrongHead
        .slice(0, problemsMax)
        .map(({ at, code }) => ({ pointer: `/body/manifest/0/${at}`, code })),
    );
  }
  if (body.length === 0) throw invalid([{ pointer: '/body/manifest', code: 'required' }]);
  if (body.length > batchVouchersMax) {
    throw invalid([{ pointer: '/body/manifest', code: 'too_many' }]);
  }
  const problems: FieldError[] = [];
  const vouchers: NewVoucher[] = [];
  for (const [index, row] of body.entries()) {
    const cells = Object.fromEntries(head.map((name, column) => [name, row[column] ?? '']));
    const wrong = (name: string, code: string) =>
      problems.push({ pointer: `/body/manifest/${index + 1}/${name}`, code });
    const voucher = await voucherOf(cells, pictures, defaultBranch, wrong);
    if (voucher) vouchers.push(voucher);
  }
  if (problems.length > 0) throw invalid(problems.slice(0, problemsMax));
  return vouchers;
}

/** A part of a form with a file's name may have the size of a picture; a table has not. */
async function textOf(manifest: string | File): Promise<string> {
  if (typeof manifest === 'string') return manifest;
  if (manifest.size > manifestCharactersMax) {
    throw invalid([{ pointer: '/body/manifest', code: 'too_big' }]);
  }
  return manifest.text();
}

function tableOf(text: string): CsvTable {
  try {
    return parseCsv(text);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw invalid([{ pointer: `/body/manifest/${error.line - 1}`, code: 'malformed' }]);
  }
}

async function voucherOf(
  cells: Record<string, string>,
  pictures: readonly File[],
  defaultBranch: string,
  wrong: (name: string, code: string) => void,
): Promise<NewVoucher | undefined> {
  const cell = (name: string) => cells[name] ?? '';
  const file = pictures.find(({ name }) => name === cell('picture'));
  const amount = amountSchema.safeParse(cell('amountMinor'));
  const dpi = cell('dpi') === '' ? undefined : dpiSchema.safeParse(cell('dpi'));
  const branch = cell('branch') === '' ? defaultBranch : cell('branch');
  const checks: [string, boolean, string][] = [
    ['picture', file !== undefined, 'not_found'],
    ['seal', paperNumberSchema.safeParse(cell('seal')).success, 'format'],
    ['currency', currencySchema.safeParse(cell('currency')).success, 'format'],
    ['amountMinor', amount.success, 'format'],
    ['branch', branchSchema.safeParse(branch).success, 'format'],
    ['reference', referenceSchema.safeParse(cell('reference')).success, 'format'],
    ['dpi', dpi?.success ?? true, 'format'],
  ];
  const failed = checks.filter(([, isRight]) => !isRight);
  for (const [name, , code] of failed) wrong(name, code);
  if (failed.length > 0 || !file || !amount.success) return undefined;
  return {
    reference: cell('reference'),
    seal: cell('seal'),
    money: { currency: cell('currency'), amountMinor: amount.data },
    branch,
    picture: await pictureOf(file, dpi?.data),
  };
}

function invalid(fields: readonly FieldError[]): CinnabarError {
  return new CinnabarError('invalid_request', { fields });
}
