import fc from 'fast-check';
import { ApiDocument, nobodysId, type Operation, pathOf, type Send } from './api-document.ts';

/** Sent as a value in every request; no answer may repeat it (it could be a secret). */
const marker = 'cinnabar-marked-3f9c1e';

export interface BadInputFigures {
  operations: number;
  requests: number;
  serverErrors: string[];
  undocumented: string[];
  notProblems: string[];
  echoes: string[];
  endless: string[];
}

const strangeValues = [
  null,
  true,
  -1,
  0,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  marker,
  `${marker}`.repeat(500),
  '\ud800',
  '\u0000',
  '\u202e\u200b\r\n{}',
  'constructor',
  '../../etc/passwd',
  "' OR 1=1 --",
  '<script>alert(1)</script>',
  '2026-02-31',
  '9'.repeat(400),
  [],
  {},
  [[[]]],
  { length: -1 },
  { [`${marker}!`]: 1 },
  Array(20_000).fill(0),
  Array(15_000).fill({}),
  Object.fromEntries(Array.from({ length: 5_000 }, (_, k) => [`n${k}`, 1])),
] as const;

/** A refusal says enough in this much, whatever is wrong and how often. */
const refusalBytesMax = 32 * 1024;

const strangeTexts = [
  '',
  ' ',
  '{',
  'null',
  '[]',
  '"x"',
  '1e999',
  '{"a":1,"a":2}',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"x":1}}}',
  `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
  '{"a":'.repeat(5_000),
  '\ufeff{}',
  '{"a":"\ud800"}',
  '\u0000',
  `{"${marker}":1}`,
];

const strangeSegments = [
  '0',
  '-1',
  'null',
  '..%2f..%2f',
  '%00',
  '%ed%a0%80',
  '%ff',
  'A'.repeat(3000),
  nobodysId.toUpperCase(),
  `${nobodysId}x`,
  '00000000-0000-0000-0000-000000000000',
  '%F0%9F%92%A9',
  'a%20b',
  "'%20or%201=1",
  '__proto__',
  'constructor',
  '9007199254740993',
  '1e3',
];

type Path = readonly (string | number)[];

/** Where in a value something can be put in another's place. */
function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, item]) => places(item, [...at, key]));
  return [at, ...inner];
}

/** `value` with what is at `path` replaced, or taken away where `next` is undefined. */
function changed(value: unknown, path: Path, next: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const fields = copy as Record<string | number, unknown>;
  const item = changed(fields[key], rest, next);
  if (item === undefined && rest.length === 0) delete fields[key];
  else fields[key] = item;
  return copy;
}

/** Texts that are nearly what the operation reads, and texts that are nothing of the kind. */
function malformedBodies(sample: unknown): fc.Arbitrary<string> {
  const text = JSON.stringify(sample);
  const mutated = fc
    .tuple(fc.constantFrom(...places(sample)), fc.constantFrom(undefined, ...strangeValues))
    .map(([path, value]) => JSON.stringify(changed(sample, path, value)) ?? '');
  const added = fc
    .tuple(fc.constantFrom('role', 'tenantId', 'limit', '__proto__', marker), fc.jsonValue())
    .map(([name, value]) => `{${JSON.stringify(name)}:${JSON.stringify(value)},${text.slice(1)}`);
  const cut = fc.nat(text.length).map((length) => text.slice(0, length));
  const spoilt = fc
    .tuple(fc.nat(Math.max(0, text.length - 1)), fc.constantFrom('"', '}', '\\', '\u0001', '5'))
    .map(([at, mark]) => text.slice(0, at) + mark + text.slice(at + 1));
  return fc.oneof(
    { weight: 6, arbitrary: mutated },
    { weight: 1, arbitrary: added },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: spoilt },
    { weight: 1, arbitrary: fc.constantFrom(...strangeTexts) },
    { weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
  );
}

interface Attempt {
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

function malformedPaths(operation: Operation): fc.Arbitrary<string> {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
  const segments = fc.record(
    Object.fromEntries(names.map((name) => [name, fc.constantFrom(...strangeSegments)])),
  );
  const values = fc.array(
    fc.tuple(
      fc.constantFrom(...query.map(({ name }) => name), 'limit', 'cursor'),
      fc.oneof(fc.constantFrom(...strangeSegments, marker, '%', '&&=&'), fc.constant('')),
    ),
    { maxLength: 3 },
  );
  return fc.tuple(fc.boolean(), segments, values).map(([strange, filled, pairs]) => {
    const filledPath = pathOf(operation, (name) =>
      strange ? (filled[name] ?? nobodysId) : nobodysId,
    );
    return filledPath + (pairs.length ? `?${pairs.map((pair) => pair.join('=')).join('&')}` : '');
  });
}

const jsonTypes = ['application/json'] as const;
const otherTypes = ['', 'text/plain', 'application/xml', 'application/json; charset=utf-16'];

function attempts(document: ApiDocument, operation: Operation): fc.Arbitrary<Attempt> {
  const paths = malformedPaths(operation);
  const content = operation.requestBody?.content ?? {};
  const json = content['application/json'];
  if (json) {
    const bodies = malformedBodies(document.sample(json.schema));
    const types = fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...jsonTypes) },
      { weight: 1, arbitrary: fc.constantFrom(...otherTypes) },
    );
    const usual = fc.constant(pathOf(operation, () => nobodysId));
    return fc.record({ path: fc.oneof(usual, paths), body: bodies, contentType: types });
  }
  const [type] = Object.keys(content);
  if (type === undefined) return paths.map((path) => ({ path }));
  const parts = fc.constantFrom(
    '',
    '--x',
    '--x--',
    '--x\r\ncontent-disposition: form-data; name="imprint"; filename="a"\r\n\r\nabc\r\n--x--\r\n',
    `--x\r\ncontent-disposition: form-data; name="sealId"\r\n\r\n${marker}\r\n--x--\r\n`,
    `--x\r\ncontent-disposition: form-data\r\n\r\n${marker}`,
    '\u0000\u0001\u0002',
  );
  const types = fc.constantFrom(
    type === 'multipart/form-data' ? 'multipart/form-data; boundary=x' : type,
    'multipart/form-data',
    ...otherTypes,
  );
  return fc.record({ path: paths, body: parts, contentType: types });
}

/**
 * Sends `requestsPerOperation` malformed requests to every operation of the document, as somebody
 * who may call it. What counts: no answer of 5xx, only documented statuses, every refusal a
 * problem document with a code, of a bounded length, and nothing of the request's values in it.
 */
export async function malformedRequests(
  send: Send,
  size: {
    requestsPerOperation: number;
    seed: number;
    only?: RegExp;
    /** Codes of what stands beside the service and is not there: no input brings it about. */
    absent?: readonly string[];
  },
): Promise<BadInputFigures> {
  const document = await ApiDocument.of(send);
  const figures: BadInputFigures = {
    operations: 0,
    requests: 0,
    serverErrors: [],
    undocumented: [],
    notProblems: [],
    echoes: [],
    endless: [],
  };
  for (const operation of document.operations) {
    if (size.only && !size.only.test(operation.key)) continue;
    figures.operations++;
    const sampled = fc.sample(attempts(document, operation), {
      numRuns: size.requestsPerOperation,
      seed: size.seed,
    });
    for (const attempt of sampled) {
      figures.requests++;
      await judge(send, operation, attempt, figures, size.absent ?? []);
    }
  }
  return figures;
}

async function judge(
  send: Send,
  operation: Operation,
  attempt: Attempt,
  figures: BadInputFigures,
  absent: readonly string[],
): Promise<void> {
  const { path, ...content } = attempt;
  const { method, as } = operation;
  const response = await send(path, { method, as, ...content });
  const text = await response.text();
  const said = `${operation.key} ${response.status}: ${JSON.stringify(attempt).slice(0, 400)}`;
  const isAbsent = absent.some((code) => text.includes(`"code":"${code}"`));
  if (response.status >= 500 && !isAbsent)
    figures.serverErrors.push(`${said} ${text.slice(0, 200)}`);
  // A path that is no longer the operation's is another matter.
  const lost = response.status === 404 && text.includes('"not_found"');
  if (!(String(response.status) in operation.responses) && !lost) {
    figures.undocumented.push(`${said} ${text.slice(0, 200)}`);
  }
  if (response.status < 400) return;
  const type = response.headers.get('content-type') ?? '';
  // The standards of signing and of OAuth have forms of their own for errors.
  const hasOwn = /^\/(?:csc|v1\/oauth)\//.test(operation.path);
  const form = hasOwn ? 'application/json' : 'application/problem+json';
  if (!type.startsWith(form) || !/"code":"[a-z_]+"/.test(text)) {
    figures.notProblems.push(`${said} ${type}`);
  }
  if (text.length > refusalBytesMax) figures.endless.push(`${said} ${text.length} bytes`);
  if (text.includes(marker)) figures.echoes.push(`${said} ${text.slice(0, 300)}`);
}
