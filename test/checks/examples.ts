// Every JSON body of the API has an example that its own schema admits.
import { ApiDocument, type Schema } from '../drills/api-document.ts';

const formats: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  date: /^\d{4}-\d\d-\d\d$/,
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/,
};

/** What is wrong with the examples, a sentence for each body. */
export function exampleProblems(source: Parameters<typeof ApiDocument.from>[0]): string[] {
  const document = ApiDocument.from(source);
  const problems: string[] = [];
  const look = (where: string, schema: Schema | undefined) => {
    if (schema === undefined) return;
    const wrong = misfit(document, schema, document.sample(schema), '');
    if (wrong !== undefined) problems.push(`the example of ${where}: ${wrong}`);
    for (const field of bare(document, schema)) {
      problems.push(`${where}: ${field} has no example; give it one in its schema`);
    }
  };
  for (const { key, requestBody, responses } of document.operations) {
    look(`the body of ${key}`, requestBody?.content['application/json']?.schema);
    for (const [status, { content }] of Object.entries(responses)) {
      if (status.startsWith('2')) look(`${key} ${status}`, content?.['application/json']?.schema);
    }
  }
  return problems;
}

/** Where a value does not fit its schema (JSON Schema 2020-12, as far as the document uses it). */
function misfit(
  document: ApiDocument,
  given: Schema,
  value: unknown,
  at: string,
): string | undefined {
  const schema = document.resolved(given);
  const fails = (part: Schema) => misfit(document, part, value, at) !== undefined;
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices?.every(fails)) return `${at} is none of its choices`;
  const whole = schema.allOf?.find(fails);
  if (whole) return misfit(document, whole, value, at);
  if ('const' in schema && schema.const !== value) return `${at} is not ${schema.const}`;
  if (schema.enum && !schema.enum.includes(value)) return `${at} is not one of its values`;
  if (typeof value === 'string') return textMisfit(schema, value, at);
  if (typeof value === 'number') return numberMisfit(schema, value, at);
  if (Array.isArray(value)) return listMisfit(document, schema, value, at);
  if (typeof value === 'object' && value !== null) {
    return objectMisfit(document, schema, value, at);
  }
  return isOfType(schema, value === null ? 'null' : typeof value)
    ? undefined
    : `${at} has no value`;
}

function isOfType({ type }: Schema, ...names: string[]): boolean {
  return type === undefined || [type].flat().some((one) => names.includes(one));
}

function textMisfit(schema: Schema, value: string, at: string): string | undefined {
  const { pattern, format, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
  const isRight =
    isOfType(schema, 'string') &&
    value.length >= minLength &&
    value.length <= maxLength &&
    (pattern === undefined || new RegExp(pattern, 'u').test(value)) &&
    (formats[format ?? '']?.test(value) ?? true);
  return isRight ? undefined : `${at} has the text ${value}`;
}

function numberMisfit(schema: Schema, value: number, at: string): string | undefined {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  const isRight =
    isOfType(schema, 'number', Number.isInteger(value) ? 'integer' : 'number') &&
    value >= minimum &&
    value <= maximum;
  return isRight ? undefined : `${at} has the number ${value}`;
}

function listMisfit(
  document: ApiDocument,
  schema: Schema,
  value: readonly unknown[],
  at: string,
): string | undefined {
  const { minItems = 0, maxItems = Infinity, items, prefixItems } = schema;
  const isRight = isOfType(schema, 'array') && value.length >= minItems && value.length <= maxItems;
  if (!isRight) return `${at} has ${value.length} items`;
  for (const [index, item] of value.entries()) {
    const part = prefixItems?.[index] ?? items;
    const wrong = part && misfit(document, part, item, `${at}/${index}`);
    if (wrong) return wrong;
  }
  return undefined;
}

function objectMisfit(
  document: ApiDocument,
  schema: Schema,
  value: object,
  at: string,
): string | undefined {
  if (!isOfType(schema, 'object')) return `${at} is an object`;
  const missing = schema.required?.find((name) => !(name in value));
  if (missing !== undefined) return `${at}/${missing} is missing`;
  for (const [name, inner] of Object.entries(value)) {
    const part = schema.properties?.[name];
    if (!part && schema.additionalProperties === false) return `${at}/${name} is unknown`;
    const wrong = part && misfit(document, part, inner, `${at}/${name}`);
    if (wrong) return wrong;
  }
  return undefined;
}

/** Texts, numbers and yes-or-no for which the schema shows no value. */
function bare(document: ApiDocument, given: Schema, name = 'it', depth = 0): string[] {
  const schema = document.resolved(given);
  const { example, examples, enum: values, const: only, type } = schema;
  const isShown = [example, examples, values, only].some((one) => one !== undefined);
  if (isShown || depth > 12) return [];
  const inner = [
    ...Object.entries(schema.properties ?? {}),
    ...[schema.items, ...(schema.prefixItems ?? [])].flatMap((one): [string, Schema][] =>
      one ? [[name, one]] : [],
    ),
    ...[schema.allOf, schema.anyOf, schema.oneOf].flatMap((parts = []) =>
      parts.map((part): [string, Schema] => [name, part]),
    ),
  ];
  const isLeaf = [type].flat().some((one) => /^(?:string|number|integer|boolean)$/.test(one ?? ''));
  if (isLeaf && inner.length === 0) return [name];
  return inner.flatMap(([field, part]) => bare(document, part, field, depth + 1));
}
