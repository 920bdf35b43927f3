import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { demoIdentities } from '../../src/edge/demo-identities.ts';
import { ApiDocument } from '../drills/api-document.ts';
import { type Edge, startEdge } from '../helpers/edge.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  readonly as: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * What an example cannot have, and the code that the service therefore answers. Everything else is
 * answered, or is 404 or 403 because the ids in the file are nobody's.
 */
const needsMore: Readonly<Record<string, string>> = {
  // A key of one's own, its signature, or what a ceremony leaves behind.
  'POST /v1/certificates/applications': 'invalid_request',
  'POST /v1/chips/backups': 'backup_key_missing',
  'POST /v1/chips/restores': 'backup_key_missing',
  'POST /v1/chips/restores/{id}/shares': 'share_unreadable',
  'POST /v1/chips/restores/{id}/checks': 'invalid_request',
  'POST /v1/chips/restores/{id}/keys': 'invalid_request',
  'POST /v1/federation/requests': 'federation_consent_invalid',
  'POST /v1/institutions': 'invalid_request',
  'POST /v1/keys/{id}/officers': 'invalid_request',
  'POST /v1/personal-keys/{id}/finish': 'protocol_failed',
  'POST /v1/personal-keys/{id}/signatures': 'invalid_request',
  'POST /v1/sessions': 'session_clock',
  'POST /v1/software': 'invalid_request',
  'POST /v1/business-systems/{name}/proof': 'business_key_refused',
  'POST /v1/oauth/token': 'invalid_request',
  'POST /v1/tokens/introspect': 'unauthenticated',
  'POST /v1/oauth/introspect': 'unauthenticated',
  'POST /v1/oauth/revoke': 'invalid_request',
  // Another state: requests before it made a key or a system that is not in service yet.
  'POST /v1/chips/{chip}/reset': 'chip_active',
  'POST /v1/chips/{chip}/readmit': 'chip_not_empty',
  'POST /v1/personal-keys/{id}/refresh': 'personal_key_state',
  'POST /v1/personal-keys/{id}/refresh/finish': 'personal_key_state',
  'POST /v1/personal-keys/{id}/refresh/commit': 'personal_key_state',
  'PUT /v1/personal-keys/{id}/pin': 'personal_key_state',
  'POST /v1/terminals': 'personal_key_state',
  'PUT /v1/terminals/{id}/keys': 'personal_key_state',
  'POST /v1/business-systems/{name}/next-key': 'business_system_state',
  'POST /v1/business-systems/{name}/next-key/proof': 'business_system_state',
  'POST /v1/business-systems/{name}/next-key/use': 'business_system_state',
  'PATCH /v1/business-systems/{name}': 'business_system_state',
  // A list of seals, or a table of tiers, that is whole.
  'POST /v1/seal-batches': 'invalid_request',
  'PUT /v1/federation/policies/current': 'invalid_request',
  // The standard for remote signing answers 400 for what is not there.
  'POST /csc/v2/credentials/list': 'invalid_request',
  'POST /csc/v2/credentials/info': 'institution_key_not_found',
  'POST /csc/v2/credentials/getChallenge': 'institution_key_not_found',
  'POST /csc/v2/credentials/authorize': 'institution_key_not_found',
  'POST /csc/v2/signatures/signHash': 'invalid_request',
  'POST /csc/v2/signatures/signDoc': 'invalid_request',
  'POST /csc/v2/signatures/signPolling': 'operation_not_found',
  // The sample business system is a Worker of its own, which is not here.
  'GET /v1/business/system': 'business_unavailable',
  'POST /v1/business/requests': 'business_unavailable',
  'GET /v1/business/view': 'business_unavailable',
  'GET /v1/business/insights': 'business_unavailable',
  'GET /v1/business/events': 'business_unavailable',
  'DELETE /v1/business/events': 'business_unavailable',
};

/** Whose errors have a form of their own (CSC API v2, RFC 6749 §5.2). */
const ofStandards = /^POST \/(?:csc|v1\/oauth)\//;

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

  it('holds requests that the service answers as its document says', async () => {
    const answer = await edge.call('/openapi.json', { as: null });
    const { operations } = ApiDocument.from(await answer.json());
    const sent = requests.slice(demoIdentities.length);
    expect(sent.length).toBe(operations.length);
    const surprises: string[] = [];
    const unmet = new Set(Object.keys(needsMore));
    for (const [at, { method, path, as, headers, body }] of sent.entries()) {
      const { key = '', responses = {} } = operations[at] ?? {};
      const content = body.length > 1 && method !== 'GET' ? { body } : {};
      const { status, text } = await answered(edge, path, { method, as, headers, ...content });
      const problem = text.startsWith('{') ? JSON.parse(text) : {};
      const code = problem.code ?? problem.error;
      const documented = responses[status]?.content?.['application/problem+json']?.examples ?? {};
      const isDocumented =
        responses[status] !== undefined &&
        (status < 400 || ofStandards.test(key) || code in documented);
      const isExpected = key in needsMore ? code === needsMore[key] : isFound(status);
      unmet.delete(key);
      if (!isDocumented || !isExpected) surprises.push(`${key}: ${status} ${text.slice(0, 300)}`);
    }
    expect(surprises).toEqual([]);
    expect([...unmet]).toEqual([]);
  });
});

const isFound = (status: number) => status < 300 || status === 404 || status === 403;

async function answered(edge: Edge, path: string, call: Parameters<Edge['call']>[1]) {
  const answer = await edge.call(path, call);
  return { status: answer.status, text: await answer.text() };
}
