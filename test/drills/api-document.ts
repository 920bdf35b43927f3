import fc from 'fast-check';
import { routeRules } from '../../src/edge/access.ts';
import { demoIdentities } from '../../src/edge/demo-identities.ts';

/** The part of a JSON Schema that the service's document uses. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  example?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  prefixItems?: Schema[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  allOf?: Schema[];
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  additionalProperties?: boolean | Schema;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

interface Described {
  operationId: string;
  summary?: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<
    string,
    { content?: Record<string, { schema: Schema; examples?: Record<string, object> }> }
  >;
}

export interface Operation extends Described {
  /** As in the table of access: `POST /v1/seals`. */
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** A demo identity that may call it; null where no token is needed. */
  readonly as: string | null;
}

/** What is read of the document. */
interface Source {
  readonly paths: Record<string, Record<string, Described>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}

/** Sends a request as a demo identity, or as nobody, to a service. */
export type Send = (
  path: string,
  request: { method: string; as: string | null; body?: string; contentType?: string },
) => Promise<Response>;

/** The operations of the service's own OpenAPI document, and what resolves its references. */
export class ApiDocument {
  readonly operations: readonly Operation[];
  readonly #schemas: Readonly<Record<string, Schema>>;

  private constructor(document: Source) {
    this.#schemas = document.components.schemas;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, described]) => {
        const key = `${method.toUpperCase()} ${path}`;
        return { ...described, key, method: method.toUpperCase(), path, as: callerOf(key) };
      }),
    );
  }

  static from(source: Source): ApiDocument {
    return new ApiDocument(source);
  }

  static async of(send: Send): Promise<ApiDocument> {
    const answer = await send('/openapi.json', { method: 'GET', as: null });
    return ApiDocument.from(await answer.json());
  }

  /** What a reference stands for. */
  resolved(schema: Schema): Schema {
    if (!schema.$ref) return schema;
    return this.#schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {};
  }

  /** A value that the schema describes: its examples where it has them. */
  sample(schema: Schema, depth = 0): unknown {
    if (schema.$ref) return this.sample(this.resolved(schema), depth + 1);
    if (schema.example !== undefined) return schema.example;
    if (schema.examples?.length) return schema.examples[0];
    if (schema.const !== undefined) return schema.const;
    if (schema.enum?.length) return schema.enum[0];
    if (depth > 12) return null;
    if (schema.allOf) {
      return Object.assign({}, ...schema.allOf.map((part) => this.sample(part, depth + 1)));
    }
    const choice = schema.oneOf?.[0] ?? schema.anyOf?.[0];
    if (choice) return this.sample(choice, depth + 1);
    return this.#sampleOfType(schema, depth);
  }

  #sampleOfType(schema: Schema, depth: number): unknown {
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    if (type === 'object' || schema.properties) {
      const entries = Object.entries(schema.properties ?? {});
      return Object.fromEntries(
        entries.map(([name, property]) => [name, this.sample(property, depth + 1)]),
      );
    }
    if (schema.prefixItems) return schema.prefixItems.map((one) => this.sample(one, depth + 1));
    if (type === 'array') {
      const item = this.sample(schema.items ?? {}, depth + 1);
      return Array.from({ length: Math.max(1, schema.minItems ?? 1) }, () => item);
    }
    if (type === 'boolean') return false;
    if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
    if (schema.format === 'uuid') return nobodysId;
    if (schema.format === 'date') return '2026-01-01';
    if (schema.format === 'date-time') return '2026-01-01T00:00:00Z';
    const lengthMin = Math.max(1, schema.minLength ?? 1);
    if (schema.pattern === undefined) return 'x'.repeat(lengthMin);
    return textLike(schema.pattern, lengthMin);
  }
}

/** The same text for the same pattern, every time; one letter where look-around rules out making one. */
function textLike(pattern: string, lengthMin: number): string {
  const expression = new RegExp(pattern, 'u');
  // A letter over and over: base64, hex and names alike.
  const plain = 'a'.repeat(lengthMin);
  if (lengthMin > 1 && expression.test(plain)) return plain;
  if (pattern.includes('(?!')) return 'x'.repeat(lengthMin);
  const [text = ''] = fc.sample(fc.stringMatching(expression), { seed: 7, numRuns: 1 });
  return text;
}

export const nobodysId = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';

function callerOf(key: string): string | null {
  const rule = routeRules[key];
  if (!rule) throw new Error(`${key} has no rule of access`);
  if (rule.roles === 'anyone') return null;
  const found = demoIdentities.find(({ role }) => rule.roles.includes(role));
  if (!found) throw new Error(`no demo identity may call ${key}`);
  return found.id;
}

const nobodys: Readonly<Record<string, string>> = {
  generation: '9999',
  serial: '0a1b2c',
  requestId: '0'.repeat(32),
  hash: '0'.repeat(64),
  which: 'query',
  code: 'nobody',
  chip: 'nobody',
  name: 'nobody',
  kind: 'certificate',
  number: '1',
  page: '1',
  index: '999999',
};

/** The operation's path with names that have the right form and are nobody's. */
export function nobodysPath(operation: Operation): string {
  const id = operation.path.startsWith('/v1/chips/restores/') ? '0'.repeat(32) : nobodysId;
  return pathOf(operation, (name) => {
    const described = operation.parameters?.find((one) => one.in === 'path' && one.name === name);
    return String(described?.schema.enum?.[0] ?? nobodys[name] ?? id);
  });
}

/** The path with every parameter filled by `fill`. */
export function pathOf(operation: Operation, fill: (parameter: string) => string): string {
  return operation.path.replace(/\{(\w+)\}/g, (_whole, name: string) => fill(name));
}
