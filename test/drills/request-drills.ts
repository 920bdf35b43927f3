import { gzipSync } from 'node:zlib';
import { type Call, type Edge, startEdge } from '../helpers/edge.ts';
import { ApiDocument, nobodysPath, type Operation, type Send } from './api-document.ts';
import { malformedRequests } from './bad-input.ts';
import type { Drill, Result } from './drill.ts';

const sendTo =
  (edge: Edge): Send =>
  (path, { contentType, ...request }) =>
    edge.call(path, {
      ...request,
      ...(contentType ? { headers: { 'content-type': contentType } } : {}),
    });

/** A service that repeats what it was sent, and now and then fails. */
const spoilt =
  (send: Send): Send =>
  async (path, request) => {
    const response = await send(path, request);
    if (response.status !== 400) return response;
    const detail = `${path} ${request.body ?? ''}`;
    const problem = { ...((await response.json()) as object), detail };
    const status = detail.length % 7 === 0 ? 500 : 400;
    return Response.json(problem, { status, headers: response.headers });
  };

/** M1: requests that are nearly right, or nothing of the kind, to every operation. */
export const malformed: Drill = {
  id: 'M1',
  name: 'malformed-requests',
  target:
    '0 answers of 5xx, only documented ones, each refusal a problem of at most 32 KiB, no value repeated',
  plants: ['input is repeated'],
  async run({ isLong, seed, plant }) {
    const send = sendTo(await startEdge());
    const { operations, requests, ...faults } = await malformedRequests(
      plant ? spoilt(send) : send,
      {
        requestsPerOperation: isLong ? 500 : 12,
        seed,
        // The sample business system is a Worker of its own, which is not here.
        absent: ['business_unavailable'],
        ...(plant ? { only: /POST .v1.seals.accounts$/ } : {}),
      },
    );
    const measured = `${requests} requests to ${operations} operations`;
    return { measured, faults: Object.values(faults).flat() };
  },
};

const wrongTypes = {
  json: ['', 'text/plain', 'multipart/form-data; boundary=x', 'application/jsonp', 'text/json'],
  form: ['', 'text/plain', 'application/json', 'application/x-www-form-urlencoded'],
};

/** M2: bodies of a type that the operation does not take, and packed ones. */
export const contentTypes: Drill = {
  id: 'M2',
  name: 'content-types',
  target: '415 for every other type, 400 for a packed body, none accepted',
  plants: ['any type will do'],
  async run({ plant }) {
    const edge = await startEdge();
    const document = await ApiDocument.of(sendTo(edge));
    const faults: string[] = [];
    let requests = 0;
    for (const operation of document.operations) {
      const [type] = Object.keys(operation.requestBody?.content ?? {});
      if (type === undefined) continue;
      // A planted fault is found at the first door.
      if (plant && faults.length > 0) break;
      const path = nobodysPath(operation);
      const { method, as, key } = operation;
      const ask = async (
        contentType: string,
        body: string | Uint8Array<ArrayBuffer>,
        wanted: number,
      ) => {
        requests += 1;
        const answer = await edge.call(path, {
          method,
          as,
          body,
          headers: {
            'content-type': contentType,
            'content-encoding': wanted === 400 ? 'gzip' : 'identity',
          },
        });
        // One status for what cannot be read (CSC API v2 §10.1, RFC 6749 §5.2).
        const isRight = answer.status === (/^\/(?:csc|v1\/oauth)\//.test(path) ? 400 : wanted);
        if (!isRight) faults.push(`${key} ${contentType}: ${answer.status}`);
      };
      const isJson = type === 'application/json';
      for (const wrong of isJson ? wrongTypes.json : wrongTypes.form) {
        await ask(plant ? type : wrong, '{}', 415);
      }
      if (isJson) await ask(type, new Uint8Array(gzipSync('{}')), 400);
    }
    return { measured: `${requests} requests`, faults };
  },
};

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'BREW', 'get'];

/** Every method that the document has for this very path, by any of its patterns. */
function documented(operations: readonly Operation[], path: string): string[] {
  const known = operations.filter(({ path: pattern }) =>
    new RegExp(`^${pattern.replace(/\{\w+\}/g, '[^/]+')}$`).test(path),
  );
  const found = [...new Set(known.map(({ method }) => method))];
  return found.includes('GET') ? [...found, 'HEAD'] : found;
}

/** The methods of a path that the document does not know, each answered with those that it does. */
async function methodFaults(edge: Edge, path: string, allowed: string[]): Promise<string[]> {
  const faults: string[] = [];
  for (const method of methods) {
    // A request's method is put into capitals for these (Fetch §2.2.1).
    if (allowed.includes(method.toUpperCase())) continue;
    const answer = await edge.call(path, { as: 'administrator-lin', method });
    const allow = (answer.headers.get('allow') ?? '').split(', ').sort().join();
    const wanted = path.startsWith('/csc/') ? 400 : 405;
    const isRight = answer.status === wanted && allow === [...allowed].sort().join();
    if (!isRight) faults.push(`${method} ${path}: ${answer.status} allow ${allow}`);
  }
  return faults;
}

const bent = (path: string) => [
  `${path}/`,
  `/${path}`,
  path.toUpperCase() === path ? `${path}X` : path.toUpperCase(),
  path.replaceAll('/', '%2f').replace('%2f', '/'),
  `${path}%00`,
  `${path};a=b`,
];

/** M5: methods and paths that are nearly those of the service. */
export const methodsAndPaths: Drill = {
  id: 'M5',
  name: 'methods-and-paths',
  target: '405 with Allow for every other method, no bent path answered',
  plants: ['capitals are passed over'],
  async run({ plant }) {
    const edge = await startEdge();
    // The defect: a service that does not tell capitals from small letters.
    const ask = plant
      ? (path: string, call: Call) => edge.call(path.toLowerCase(), call)
      : edge.call;
    const document = await ApiDocument.of(sendTo(edge));
    const byPath = new Map<string, Operation[]>();
    for (const operation of document.operations) {
      byPath.set(operation.path, [...(byPath.get(operation.path) ?? []), operation]);
    }
    const faults: string[] = [];
    let requests = 0;
    for (const [pattern, operations] of byPath) {
      const [first] = operations;
      if (!first || (plant && pattern !== '/v1/seal-vendors')) continue;
      const path = nobodysPath(first);
      faults.push(...(await methodFaults(edge, path, documented(document.operations, path))));
      requests += methods.length;
      // Elsewhere the end of the path is a value, and another value is another question.
      if (pattern.endsWith('}')) continue;
      for (const other of bent(path).filter((changed) => changed !== path)) {
        requests += 1;
        const { status } = await ask(other, {
          as: 'administrator-lin',
          method: first.method,
        });
        if (status < 400 || status >= 500) faults.push(`${first.method} ${other}: ${status}`);
      }
    }
    return { measured: `${requests} requests to ${byPath.size} paths`, faults };
  },
};

const claims = {
  tenant: 'nanpu-bank',
  tenantId: 'x',
  role: 'administrator',
  roles: [],
  limit: 1,
  state: 'approved',
  approvedBy: 'x',
  owner: 'x',
};

/** Where a standard says that what is not known is passed over (RFC 6749 §3.2, CSC API v2 §8). */
const passesOver = (operation: Operation) =>
  /^\/(?:csc|v1\/oauth)\//.test(operation.path) ||
  /^POST \/v1\/tokens(\/revoke|\/introspect)?$/.test(operation.key);

async function extraFields(edge: Edge, document: ApiDocument, plant?: string): Promise<Result> {
  const faults: string[] = [];
  let requests = 0;
  for (const operation of document.operations) {
    const json = operation.requestBody?.content['application/json'];
    if (!json || passesOver(operation)) continue;
    if (plant && faults.length > 0) break;
    const sample = document.sample(json.schema);
    if (typeof sample !== 'object' || sample === null) continue;
    for (const [name, value] of Object.entries(claims)) {
      if (name in sample) continue;
      requests += 1;
      const answer = await edge.call(nobodysPath(operation), {
        method: operation.method,
        as: operation.as,
        json: plant ? sample : { ...sample, [name]: value },
      });
      const text = await answer.text();
      if (answer.status === 503 && text.includes('business_unavailable')) continue;
      if (answer.status !== 400 || !text.includes('"unknown_field"')) {
        faults.push(`${operation.key} with ${name}: ${answer.status} ${text.slice(0, 200)}`);
      }
    }
  }
  return { measured: `${requests} writes with a field too many`, faults };
}

/** A3: fields that a writer must not set. */
export const fields: Drill = {
  id: 'A3',
  name: 'fields-too-many',
  target: 'every one refused as unknown_field',
  plants: ['the field is passed over'],
  async run({ plant }) {
    const edge = await startEdge();
    return extraFields(edge, await ApiDocument.of(sendTo(edge)), plant);
  },
};

export const requestDrills: readonly Drill[] = [malformed, contentTypes, methodsAndPaths, fields];
