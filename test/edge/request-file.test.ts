import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoIdentities } from '../../src/edge/demo-identities.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

interface Request {
  readonly title: string;
  readonly method: string;
  readonly path: string;
  readonly as: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** What the schema finds; what stands in an example need not open, verify or exist. */
const ofForm = new Set(['required', 'format', 'type', 'too_small', 'too_big', 'unknown_field']);

const docs = new URL('../../docs/', import.meta.url);

/** The file as the REST Client of VS Code reads it: variables, sign-ins by name, bodies from files. */
async function requestsIn(text: string): Promise<readonly Request[]> {
  const [head = '', ...blocks] = text.split(/^### /m);
  const variables = new Map([...head.matchAll(/^@(\w+) = (.*)$/gm)].map(([, k, v]) => [k, v]));
  const people = new Map<string, string>();
  const requests: Request[] = [];
  for (const block of blocks) {
    const name = /^# @name (\w+)$/m.exec(block)?.[1];
    const identity = /"identity": "([\w-]+)"/.exec(block)?.[1];
    if (name && identity) people.set(name, identity);
    const [title = '', ...lines] = block.replace(/^#.*\n/m, '').split('\n');
    const end = lines.indexOf('');
    const [line = '', ...fields] = lines.slice(0, end < 0 ? undefined : end);
    const [method = '', address = ''] = line.split(' ');
    const headers: Record<string, string> = Object.fromEntries(
      fields.map((one): [string, string] => [
        one.split(': ')[0] ?? '',
        one.split(/: (.*)/s)[1] ?? '',
      ]),
    );
    const holder = /\{\{(\w+)\.response/.exec(headers.Authorization ?? '')?.[1];
    const filled = address.replace(/\{\{(\w+)\}\}/g, (_all, variable) => {
      const value = variables.get(variable);
      if (value === undefined) throw new Error(`${title}: no variable ${variable}`);
      return value;
    });
    requests.push({
      title,
      method,
      path: filled.replace('http://localhost:8787', ''),
      as: holder === undefined ? null : (people.get(holder) ?? 'unknown'),
      headers: Object.fromEntries(
        Object.entries(headers).filter(([field]) => field !== 'Authorization'),
      ),
      body: await bodyOf(
        lines
          .slice(end + 1)
          .join('\n')
          .trim(),
      ),
    });
  }
  return requests;
}

async function bodyOf(text: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for (const line of text.split('\n')) {
    const file = /^< (\S+)$/.exec(line)?.[1];
    const isThere = file?.startsWith('../');
    pieces.push(isThere ? await readFile(new URL(file ?? '', docs)) : Buffer.from(line));
    pieces.push(Buffer.from(text.includes('--part') ? '\r\n' : '\n'));
  }
  return Uint8Array.from(Buffer.concat(pieces));
}

describe('docs/cinnabar.http', () => {
  let edge: Edge;
  let requests: readonly Request[];

  beforeAll(async () => {
    edge = await startEdge();
    requests = await requestsIn(await readFile(new URL('cinnabar.http', docs), 'utf8'));
  });

  it('has every operation, each for somebody who may call it', () => {
    expect(requests.length).toBeGreaterThan(demoIdentities.length + 180);
    for (const { as } of requests) {
      if (as !== null) expect(demoIdentities.map(({ id }) => id)).toContain(as);
    }
  });

  it('holds requests that the service understands', async () => {
    const refused: string[] = [];
    for (const { method, path, as, headers, body, title } of requests) {
      const content = body.length > 1 && method !== 'GET' ? { body } : {};
      const answer = await edge.call(path, { method, as, headers, ...content });
      const text = await answer.text();
      const { code, errors = [] } = text.startsWith('{') ? JSON.parse(text) : {};
      const isOfForm = errors.some((one: { code: string }) => ofForm.has(one.code));
      const isLost =
        [404, 405, 415].includes(answer.status) && /^(not_found|method|unsup)/.test(code);
      if (isOfForm || isLost || code === 'forbidden' || code === 'internal') {
        refused.push(`${title}: ${answer.status} ${text}`);
      }
    }
    expect(refused).toEqual([]);
  });
});
