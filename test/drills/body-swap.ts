import type { Edge } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { type ApiDocument, nobodysId, type Operation, type Schema } from './api-document.ts';

/** A body that names something, and the same body with another name in one of its places. */
interface NamingBody {
  readonly place: string;
  with(name: string): Body;
}

type Body =
  | { readonly json: unknown }
  | { readonly form: Readonly<Record<string, string | Uint8Array>> };

/** A request with the example's body names what nobody has: each such place, to be filled anew. */
export function namingBodies(document: ApiDocument, operation: Operation): NamingBody[] {
  const { content } = operation.requestBody ?? {};
  const json = content?.['application/json'];
  if (json) {
    const sample = JSON.stringify(document.sample(json.schema));
    return placesOf(JSON.parse(sample)).map((place) => ({
      place: place.join('/'),
      with: (name) => ({ json: replaced(JSON.parse(sample), place, name) }),
    }));
  }
  const multipart = content?.['multipart/form-data'];
  if (!multipart) return [];
  const form = sampleForm(document, multipart.schema);
  return Object.entries(form)
    .filter(([, value]) => value === nobodysId)
    .map(([place]) => ({ place, with: (name) => ({ form: { ...form, [place]: name } }) }));
}

function sampleForm(document: ApiDocument, schema: Schema): Record<string, string | Uint8Array> {
  const { properties = {}, required = [] } = document.resolved(schema);
  const parts = Object.entries(properties).filter(([name]) => required.includes(name));
  return Object.fromEntries(
    parts.map(([name, part]) => {
      const { format } = document.resolved(part);
      return [name, format === 'binary' ? ringWithCross : String(document.sample(part))];
    }),
  );
}

/** Where the example's id stands in a value. */
function placesOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (value === nobodysId) return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => placesOf(item, [...path, key]));
}

function replaced(value: unknown, [first, ...rest]: readonly string[], name: string): unknown {
  if (first === undefined) return name;
  const copy = Array.isArray(value) ? [...value] : { ...(value as object) };
  const fields = copy as Record<string, unknown>;
  fields[first] = replaced(fields[first], rest, name);
  return copy;
}

const answerNames = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g;
const hashes = /\b[0-9a-f]{64}\b/g;
/** The first word of a protocol is drawn afresh for every answer. */
const protocolMessages = /(?<="message":")[A-Za-z0-9_-]{40,}(?=")/g;
const instants = /\d{4}-\d{2}-\d{2}T[\d:.]+Z/g;

/** What an answer says, but for what differs in any two answers, and the name that was asked for. */
async function said(answer: Response): Promise<string> {
  const text = await answer.text();
  const plain = text
    .replace(answerNames, 'ID')
    .replace(hashes, 'HASH')
    .replace(instants, 'TIME')
    .replace(protocolMessages, 'MESSAGE');
  return `${answer.status} ${plain}`;
}

let asked = 0;

/** Another one each time: what a request named the caller may have by then. */
function freshNobody(): string {
  asked += 1;
  return `${nobodysId.slice(0, -4)}${asked.toString(16).padStart(4, '0')}`;
}

/**
 * Puts each name into each place of a body, with a token of another bank.
 *
 * @returns `isRead` tells that a body with nobody's name got beyond its form
 */
export async function tryBody(
  edge: Edge,
  { method }: Operation,
  path: string,
  token: string,
  body: NamingBody,
  names: readonly string[],
): Promise<{ readonly isRead: boolean; readonly faults: readonly string[] }> {
  const headers = { authorization: `Bearer ${token}` };
  const knock = async (name: string) =>
    said(await edge.call(path, { as: null, method, headers, ...body.with(name) }));
  const nobodys = await knock(freshNobody());
  const faults: string[] = [];
  for (const name of names) {
    const answer = await knock(name);
    // What a request before changed is the same for nobody's name now.
    if (answer === nobodys || answer === (await knock(freshNobody()))) continue;
    faults.push(
      `${method} ${path} ${body.place} ${name}: ${answer.slice(0, 260)} not ${nobodys.slice(0, 200)}`,
    );
  }
  return { isRead: !nobodys.startsWith('400'), faults };
}
