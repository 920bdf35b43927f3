// Writes src/client/types.gen.ts: the shapes of the HTTP API as plain TypeScript, from the OpenAPI
// document. The schemas themselves are zod's, which users of the client do not install.
// Usage: node wasm-build/generators/api-types.mjs, after npm run openapi
import { readFile } from 'node:fs/promises';
import { writeGenerated } from './write.mjs';

const documentUrl = new URL('../../docs/openapi.json', import.meta.url);
const { components } = JSON.parse(await readFile(documentUrl, 'utf8'));

const plain = { string: 'string', number: 'number', integer: 'number', boolean: 'boolean' };

function objectType({ properties = {}, required = [], additionalProperties }, indent) {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).flatMap(([name, schema]) => [
    ...(schema.description ? [`${inner}/** ${schema.description} */`] : []),
    `${inner}${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema, inner)};`,
  ]);
  if (lines.length > 0) return `{\n${lines.join('\n')}\n${indent}}`;
  return `Record<string, ${typeOf(additionalProperties ?? {}, indent)}>`;
}

function arrayType({ items, prefixItems }, indent) {
  if (prefixItems) return `[${prefixItems.map((item) => typeOf(item, indent)).join(', ')}]`;
  return `Array<${typeOf(items, indent)}>`;
}

function typeOf(schema, indent) {
  const { $ref, type, format, allOf, anyOf, oneOf } = schema;
  if ($ref) return $ref.slice('#/components/schemas/'.length);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (allOf) return allOf.map((part) => typeOf(part, indent)).join(' & ');
  const some = anyOf ?? oneOf;
  if (some) return some.map((part) => typeOf(part, indent)).join(' | ');
  if (Array.isArray(type)) {
    return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(' | ');
  }
  if (type === 'object') return objectType(schema, indent);
  if (type === 'array') return arrayType(schema, indent);
  if (type === 'null') return 'null';
  if (format === 'binary') return 'Blob';
  if (plain[type]) return plain[type];
  if (Object.keys(schema).length === 0) return 'unknown';
  throw new Error(`no TypeScript for ${JSON.stringify(schema)}`);
}

await writeGenerated(import.meta.url, 'src/client/types.gen.ts', () =>
  Object.entries(components.schemas)
    .map(([name, schema]) => {
      const about = schema.description ? `/** ${schema.description} */\n` : '';
      return `${about}export type ${name} = ${typeOf(schema, '')};\n`;
    })
    .join('\n'),
);
