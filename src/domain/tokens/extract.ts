import type { OperatingPoint } from '../../core/tagger/model.ts';
import type { Split } from '../../core/tagger/split.ts';
import { TaggerError } from '../../core/tagger/tagger-error.ts';
import type { Span } from '../../core/tagger.ts';
import { CinnabarError } from '../errors.ts';
import type { SensitiveFields, TokenDeps } from './ports.ts';

type ExtractDeps = Pick<TokenDeps, 'sensitive'>;

/** What is sensitive in a text: places and labels. @throws CinnabarError `invalid_request` */
export function tagText(
  deps: ExtractDeps,
  text: string,
  point?: OperatingPoint,
): Promise<readonly Span[]> {
  return asked(deps, (tagger) => tagger.tag(text, point ? { point } : {}));
}

/** Which leaves of a JSON value are sensitive. @throws CinnabarError `invalid_request` */
export function splitJson(
  deps: ExtractDeps,
  json: unknown,
  point?: OperatingPoint,
): Promise<Split> {
  return asked(deps, (tagger) => tagger.split(json, point ? { point } : {}));
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
