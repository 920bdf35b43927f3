import type { Hook } from '@hono/zod-openapi';
import { CinnabarError, type FieldError } from '../domain/errors.ts';
import type { EdgeEnv } from './context.ts';

type Result = Parameters<Hook<unknown, EdgeEnv, string, unknown>>[0];
type Issue = (Result & { success: false })['error']['issues'][number];

const targets: Partial<Record<Result['target'], string>> = {
  param: 'path',
  query: 'query',
  header: 'header',
  json: 'body',
  form: 'body',
};

/**
 * What happens after each validation: input that breaks its schema ends the request here.
 *
 * The answer says where and what, by schema alone. It repeats no values, and of names that the caller
 * sent only those that the schema knows or that name an entry of a map in the form that it demands.
 *
 * @throws CinnabarError `invalid_request`
 */
export function refuseInvalid(result: Result): void {
  if (result.success) return;
  const root = targets[result.target] ?? result.target;
  const sent: unknown = 'data' in result ? result.data : undefined;
  // A list of zeros in a short body has thousands of faults: the first of them say enough.
  const fields = result.error.issues.slice(0, issuesMax).map((issue) => ({
    pointer: pointerOf([root, ...placeOf(issue)]),
    code: codeOf(issue, sent),
  }));
  throw new CinnabarError('invalid_request', { fields: unique(fields) });
}

/** Of one answer; looking for those that say the same takes its square. */
const issuesMax = 100;

/** A name in a map that has not the form of one is nothing that we would repeat: where the map is. */
function placeOf({ code, path }: Issue): Issue['path'] {
  return code === 'invalid_key' ? path.slice(0, -1) : path;
}

function codeOf(issue: Issue, sent: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      return valueAt(sent, issue.path) === undefined ? 'required' : 'type';
    case 'too_small':
    case 'too_big':
      return issue.code;
    case 'invalid_format':
      return 'format';
    case 'unrecognized_keys':
      return 'unknown_field';
    case 'custom':
      if (typeof issue.params?.code === 'string') return issue.params.code;
      return valueAt(sent, issue.path) === undefined ? 'required' : 'value';
    default:
      return valueAt(sent, issue.path) === undefined ? 'required' : 'value';
  }
}

function valueAt(value: unknown, path: Issue['path']): unknown {
  return path.reduce<unknown>(
    (node, key) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, key)
        ? Reflect.get(node, key)
        : undefined,
    value,
  );
}

/** RFC 6901. */
function pointerOf(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function unique(fields: readonly FieldError[]): readonly FieldError[] {
  return fields.filter(
    (field, index) =>
      fields.findIndex((other) => other.pointer === field.pointer && other.code === field.code) ===
      index,
  );
}
