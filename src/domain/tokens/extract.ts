import type { Split } from '../../core/tagger/split.ts';
import { TaggerError } from '../../core/tagger/tagger-error.ts';
import { type BodyFormat, formatOf, type Span, type TagOptions } from '../../core/tagger.ts';
import { CinnabarError } from '../errors.ts';
import type { SensitiveFields, TokenDeps } from './ports.ts';

type ExtractDeps = Pick<TokenDeps, 'sensitive'>;

type Point = TagOptions['point'];
interface Read {
  /** Absent for plain text. */
  readonly format?: BodyFormat;
}

const optionsOf = (point: Point): TagOptions => (point === undefined ? {} : { point });

function read<T extends object>(text: string, found: T): T & Read {
  const format = formatOf(text);
  return format === undefined ? found : { format, ...found };
}

/** What is sensitive in a text: places and labels. @throws CinnabarError `invalid_request` */
export async function tagText(
  deps: ExtractDeps,
  text: string,
  point?: Point,
): Promise<Read & { readonly spans: readonly Span[] }> {
  return read(text, { spans: await asked(deps, (tagger) => tagger.tag(text, optionsOf(point))) });
}

/** Which leaves of a JSON value are sensitive. @throws CinnabarError `invalid_request` */
export function splitJson(deps: ExtractDeps, json: unknown, point?: Point): Promise<Split> {
  return asked(deps, (tagger) => tagger.split(json, optionsOf(point)));
}

/**
 * The same for a body as it was sent: JSON, a form, a form in parts, lines of `key=value`, a table.
 *
 * @throws CinnabarError `invalid_request`
 */
export async function splitBody(
  deps: ExtractDeps,
  body: string,
  point?: Point,
): Promise<Read & Split> {
  return read(body, await splitJson(deps, body, point));
}

async function asked<T>(deps: ExtractDeps, ask: (tagger: SensitiveFields) => T): Promise<T> {
  const tagger = await deps.sensitive();
  try {
    return ask(tagger);
  } catch (cause) {
    if (!(cause instanceof TaggerError) || cause.code === 'core_failed') throw cause;
    const fields = [{ pointer: '/body', code: cause.code }];
    throw new CinnabarError('invalid_request', { fields, cause });
  }
}
