import { z } from '@hono/zod-openapi';
import { beforeAll, describe, expect, it } from 'vitest';
import { CinnabarError } from '../../src/domain/errors.ts';
import { refuseInvalid } from '../../src/edge/validation.ts';
import { account, bodyOf, type Call, cardDates, type Edge, startEdge } from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';

const id = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';
const seal = { cardId: id, serial: 'S-1', shape: 'round', imprint: ringWithCross };
const check = { sealId: id, currency: 'CNY', amountMinor: '100', imprint: ringWithCross };
const card = { accountId: id, number: 'YJK-1', ...cardDates };

/** What somebody without a right token may ask, by its method, path and type. */
const askedWithCredentials = [
  'GET /v1/seals/accounts',
  'POST /v1/tokens application/json',
  'POST /v1/tokens/introspect application/json',
  'POST /v1/oauth/token application/x-www-form-urlencoded',
  'POST /v1/oauth/introspect application/x-www-form-urlencoded',
  'POST /csc/v2/credentials/list application/json',
];

const base64 = (text: string) => Buffer.from(text).toString('base64');
const unsigned = (header: unknown, claims: unknown) =>
  [JSON.stringify(header), JSON.stringify(claims), 'x'.repeat(64)]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');
const bare = unsigned({ typ: 'dpop+jwt', alg: 'ES256', jwk: {} }, {});

const strangeHeaders: readonly Record<string, string>[] = [
  ...['', ' ', ' %%%', ` ${base64('nocolon')}`, ` ${base64(':')}`, ` ${base64('%zz:%zz')}`].map(
    (text) => ({ authorization: `Basic${text}` }),
  ),
  { authorization: `Basic ${base64(`${'x'.repeat(60_000)}:y`)}` },
  { authorization: `Basic ${Buffer.from([0xff, 0xfe, 0x3a, 0x80]).toString('base64')}` },
  { authorization: `Basic ${base64('beichen-bank/bills:x')}` },
  ...['', ' a', ' a.b.c', ` ${'.'.repeat(4_000)}`, ` ${'a'.repeat(100_000)}`, ' x, Bearer y'].map(
    (text) => ({ authorization: `Bearer${text}` }),
  ),
  { authorization: `Bearer ${unsigned({ alg: 'none' }, {})}` },
  { authorization: `Bearer ${unsigned({ typ: {}, alg: [] }, [])}` },
  { authorization: `Bearer ${unsigned({ typ: 'at+jwt', alg: 'ES256', kid: 'x' }, { iss: 1 })}` },
  ...['', 'x', bare, 'a'.repeat(50_000)].map((dpop) => ({ authorization: `DPoP ${bare}`, dpop })),
  { 'content-length': '-1' },
  { 'cf-connecting-ip': 'x'.repeat(2_000) },
  { traceparent: `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01` },
];

type Case = readonly [what: string, path: string, call: Call, errors: readonly string[]];

const cases: readonly Case[] = [
  [
    'nothing',
    '/v1/seals/accounts',
    { json: {} },
    ['/body/contact required', '/body/name required', '/body/number required'],
  ],
  ['a list', '/v1/seals/accounts', { json: [] }, ['/body type']],
  ['null', '/v1/seals/accounts', { json: null }, ['/body type']],
  [
    'a number for a text',
    '/v1/seals/accounts',
    { json: { ...account, name: 7 } },
    ['/body/name type'],
  ],
  [
    'an empty text',
    '/v1/seals/accounts',
    { json: { ...account, name: '' } },
    ['/body/name too_small'],
  ],
  [
    'too long a text',
    '/v1/seals/accounts',
    { json: { ...account, name: 'x'.repeat(101) } },
    ['/body/name too_big'],
  ],
  [
    'a line break',
    '/v1/seals/accounts',
    { json: { ...account, name: 'a\nb' } },
    ['/body/name format'],
  ],
  [
    'a blank at the end',
    '/v1/seals/accounts',
    { json: { ...account, name: 'a ' } },
    ['/body/name format'],
  ],
  [
    'half a character',
    '/v1/seals/accounts',
    { json: { ...account, name: 'a\ud800' } },
    ['/body/name format'],
  ],
  ...['\u202e', '\u2066', '\u200f', '\u061c', '\u200b', '\u2060', '\ufeff'].map(
    (character): Case => [
      `what turns a text around or cannot be seen: U+${character.charCodeAt(0).toString(16)}`,
      '/v1/seals/accounts',
      { json: { ...account, name: `a${character}b` } },
      ['/body/name format'],
    ],
  ),
  [
    'a number with blanks',
    '/v1/seals/accounts',
    { json: { ...account, number: '62 22' } },
    ['/body/number format'],
  ],
  [
    'a field that is not known',
    '/v1/seals/accounts',
    { json: { ...account, tenant: 'nanpu-bank' } },
    ['/body unknown_field'],
  ],
  [
    'a prototype',
    '/v1/seals/accounts',
    {
      headers: { 'content-type': 'application/json' },
      body: `{"number":"1","name":"n","contact":"c","__proto__":{"tenant":"x"}}`,
    },
    ['/body unknown_field'],
  ],
  [
    'broken JSON',
    '/v1/seals/accounts',
    {
      headers: { 'content-type': 'application/json' },
      body: '{"number":',
    },
    ['/body malformed'],
  ],
  [
    'an empty body',
    '/v1/seals/accounts',
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '',
    },
    ['/body malformed'],
  ],
  [
    'a broken form',
    '/v1/seals',
    {
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--y\r\n\r\n',
    },
    ['/body malformed'],
  ],
  [
    'a form without boundary',
    '/v1/seals',
    {
      headers: { 'content-type': 'multipart/form-data' },
      body: 'x',
    },
    ['/body malformed'],
  ],
  [
    'text for a picture',
    '/v1/seals',
    { form: { ...seal, imprint: 'picture' } },
    ['/body/imprint value'],
  ],
  [
    'no picture',
    '/v1/seals',
    { form: { ...seal, imprint: undefined } },
    ['/body/imprint required'],
  ],
  [
    'a picture for a text',
    '/v1/seals',
    { form: { ...seal, serial: ringWithCross } },
    ['/body/serial type'],
  ],
  ['an unknown shape', '/v1/seals', { form: { ...seal, shape: 'star' } }, ['/body/shape value']],
  ['a resolution of 1', '/v1/seals', { form: { ...seal, dpi: '1' } }, ['/body/dpi too_small']],
  ['a resolution in hex', '/v1/seals', { form: { ...seal, dpi: '0x12c' } }, ['/body/dpi format']],
  [
    'an id that is none',
    '/v1/seals',
    { form: { ...seal, cardId: "1' OR 1=1" } },
    ['/body/cardId format'],
  ],
  [
    'a small currency',
    '/v1/seal-verifications',
    { form: { ...check, currency: 'cny' } },
    ['/body/currency format'],
  ],
  [
    'a broken amount',
    '/v1/seal-verifications',
    { form: { ...check, amountMinor: '1.5' } },
    ['/body/amountMinor format'],
  ],
  [
    'a negative amount',
    '/v1/seal-verifications',
    { form: { ...check, amountMinor: '-1' } },
    ['/body/amountMinor format'],
  ],
  [
    'no amount',
    '/v1/seal-verifications',
    { form: { ...check, amountMinor: '' } },
    ['/body/amountMinor format'],
  ],
  [
    'an amount past exact numbers',
    '/v1/seal-verifications',
    { form: { ...check, amountMinor: '9007199254740993' } },
    ['/body/amountMinor too_big'],
  ],
  [
    'a day that does not exist',
    '/v1/seals/cards',
    { form: { ...card, startDate: '2026-02-30' } },
    ['/body/startDate format'],
  ],
  [
    'an end before the start',
    '/v1/seals/cards',
    { form: { ...card, endDate: '2025-12-31' } },
    ['/body/endDate before_start'],
  ],
  [
    'revision 0',
    `/v1/seals/${id}/rebuild`,
    { form: { revision: '0', imprint: ringWithCross } },
    ['/body/revision too_small'],
  ],
  ['an id in capitals', `/v1/seals/${id.toUpperCase()}`, {}, ['/path/id format']],
  ['an encoded slash for an id', '/v1/seals/..%2Faccounts', {}, ['/path/id format']],
  ['an unknown picture', `/v1/seal-verifications/${id}/pictures/both`, {}, ['/path/which value']],
  ['a limit of 0', '/v1/seals?limit=0', {}, ['/query/limit too_small']],
  ['a limit of 101', '/v1/seals?limit=101', {}, ['/query/limit too_big']],
  ['a limit twice', '/v1/seals?limit=1&limit=2', {}, ['/query/limit type']],
  ['a cursor that is none', '/v1/seals?cursor=abc', {}, ['/query/cursor format']],
  ['an unknown parameter', '/v1/seals?account=1', {}, ['/query unknown_field']],
  [
    'a vendor that cannot be one',
    `/v1/seals/${id}/picture?vendor=A/B`,
    {},
    ['/query/vendor format'],
  ],
  [
    'an idempotency key with a blank',
    '/v1/seals/accounts',
    {
      json: account,
      headers: { 'idempotency-key': 'a b' },
    },
    ['/header/idempotency-key format'],
  ],
  [
    'too long an idempotency key',
    '/v1/seals/accounts',
    {
      json: account,
      headers: { 'idempotency-key': 'k'.repeat(256) },
    },
    ['/header/idempotency-key format'],
  ],
];

describe('input', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge();
  });

  it.each(cases)('is refused with %s', async (_what, path, call, errors) => {
    const response = await edge.call(path, call);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const problem = await bodyOf(response);
    expect(problem).toMatchObject({
      type: 'urn:cinnabar:problem:invalid_request',
      status: 400,
      code: 'invalid_request',
      requestId: response.headers.get('x-request-id'),
    });
    const found = (problem.errors as { pointer: string; code: string }[]).map(
      ({ pointer, code }) => `${pointer} ${code}`,
    );
    expect(found.sort()).toEqual([...errors].sort());
  });

  it('leaves no trace when it was refused', async () => {
    expect(await bodyOf(await edge.call('/v1/seals/accounts'))).toMatchObject({ items: [] });
    expect(await bodyOf(await edge.call('/v1/audit', { as: 'auditor-gao' }))).toMatchObject({
      items: [],
    });
  });

  it.each([
    ['/v1/seals/accounts', 'text/plain'],
    ['/v1/seals/accounts', 'application/problem+json'],
    ['/v1/seals/accounts', 'multipart/form-data; boundary=x'],
    ['/v1/seals', 'application/json'],
    ['/v1/seals', 'application/x-www-form-urlencoded'],
    ['/v1/seals', 'multipart/mixed; boundary=x'],
  ])('%s refuses %s', async (path, type) => {
    const response = await edge.call(path, { headers: { 'content-type': type }, body: '{}' });
    expect(response.status).toBe(415);
    expect(await bodyOf(response)).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('refuses a form type with parameters besides its boundary', async () => {
    const body = '--x\r\ncontent-disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n';
    const type = 'multipart/form-data; charset=utf-8; boundary=x';
    const response = await edge.call('/v1/seals', { headers: { 'content-type': type }, body });
    expect(response.status).toBe(415);
    expect(await bodyOf(response)).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('refuses a body without a type', async () => {
    const bytes = new TextEncoder().encode('{}');
    const response = await edge.call('/v1/seals/accounts', { body: bytes });
    expect(response.status).toBe(415);
  });

  it('refuses a body over the limit, unread when its length is declared', async () => {
    const authorization = `Bearer ${await edge.tokenOf('teller-zhou')}`;
    let pulls = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          pulls += 1;
          controller.enqueue(new Uint8Array(1024));
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const declared = await edge.app.request('http://localhost/v1/seals/accounts', {
      ...init,
      headers: {
        authorization,
        'content-type': 'application/json',
        'content-length': String(64 * 1024 + 1),
      },
    });
    expect(declared.status).toBe(413);
    expect(pulls).toBe(0);

    const endless = await edge.app.request('http://localhost/v1/seals/accounts', {
      ...init,
      headers: { authorization, 'content-type': 'application/json' },
    });
    expect(endless.status).toBe(413);
    expect(await bodyOf(endless)).toMatchObject({ code: 'payload_too_large' });
    expect(pulls).toBeLessThan(70);
  });

  it('reads nothing of an upload from somebody unknown', async () => {
    let pulls = 0;
    const body = new ReadableStream(
      {
        pull() {
          pulls += 1;
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const response = await edge.app.request('http://localhost/v1/seals', {
      ...init,
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
    });
    expect(response.status).toBe(401);
    expect(pulls).toBe(0);
  });

  it('accepts a picture of 8 MiB as a body and refuses one byte more', async () => {
    const limit = 8 * 1024 * 1024;
    const send = async (length: number) => {
      const imprint = new Uint8Array(length);
      const response = await edge.call('/v1/seals', { form: { ...seal, imprint } });
      return (await bodyOf(response)).code;
    };
    expect(await send(limit)).toBe('card_not_found');
    expect(await send(limit + 1)).toBe('payload_too_large');
    expect(await send(limit + 100_000)).toBe('payload_too_large');
  });

  it('refuses a length that is no number', async () => {
    const response = await edge.call('/v1/seals/accounts', {
      json: account,
      headers: { 'content-length': 'many' },
    });
    expect(response.status).toBe(413);
  });

  it('refuses a form of many parts', async () => {
    const form = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`f${i}`, 'x']));
    const response = await edge.call('/v1/seals', { form });
    expect(await bodyOf(response)).toMatchObject({
      errors: [{ pointer: '/body', code: 'malformed' }],
    });
  });

  it('says 404 to unknown addresses and 405, with the methods, to wrong methods', async () => {
    for (const path of ['/v1/nothing', '/v1/seals/accounts/1/2', '/etc/passwd']) {
      const response = await edge.call(path);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(await bodyOf(response)).toMatchObject({ code: 'not_found' });
    }
    const put = await edge.call('/v1/seals', { method: 'PUT', body: 'x' });
    expect(put.status).toBe(405);
    expect(put.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD', 'POST']);
    expect(await bodyOf(put)).toMatchObject({ code: 'method_not_allowed' });
    const remove = await edge.call(`/v1/seals/${id}`, { method: 'DELETE' });
    expect(remove.headers.get('allow')?.split(', ').sort()).toEqual(['GET', 'HEAD']);
  });

  it('M1: a short body with thousands of faults is refused in few words', async () => {
    const schema = z.strictObject({ list: z.array(z.enum(['a', 'b'])) });
    const data = { list: Array(30_000).fill(0) };
    const parsed = schema.safeParse(data);
    expect(parsed.error?.issues).toHaveLength(30_000);
    const refusal = thrownBy(() => refuseInvalid({ target: 'json', data, ...parsed } as never));
    expect(refusal).toMatchObject({ code: 'invalid_request' });
    expect(refusal.fields).toHaveLength(100);
    expect(refusal.fields[99]).toEqual({ pointer: '/body/list/99', code: 'value' });
  });

  it('M1: a name of an entry is repeated where it has the form of one, and else the map is named', async () => {
    const pointers = async (branches: object) => {
      const answer = await edge.call('/v1/seal-policies/preview', {
        as: 'administrator-lin',
        json: { draft: { defaultCount: 1, branches, levels: [] } },
      });
      const errors = (await bodyOf(answer)).errors as { pointer: string }[];
      return errors.map(({ pointer }) => pointer);
    };
    expect(await pointers({ '0102': 'x' })).toContain('/body/draft/branches/0102');
    const named = await pointers({ 'a secret!': 1 });
    expect(named).toContain('/body/draft/branches');
    expect(JSON.stringify(named)).not.toContain('secret');
  });

  it.each(askedWithCredentials)(
    'M1: %s answers every strange credential with a refusal',
    async (asked) => {
      const [method = '', path = '', type] = asked.split(' ');
      for (const headers of strangeHeaders) {
        const answer = await edge.app.request(`http://localhost${path}`, {
          method,
          headers: { ...(type && { 'content-type': type }), ...headers },
          ...(type && { body: type.endsWith('json') ? '{"token":"a.b.c"}' : 'token=a.b.c' }),
        });
        const said = JSON.stringify(headers).slice(0, 80);
        expect(answer.status, said).toBeGreaterThanOrEqual(400);
        expect(answer.status, said).toBeLessThan(500);
        expect(await answer.text()).toMatch(/"(?:code|error)":"[a-z_]+"/);
      }
    },
  );
});

function thrownBy(act: () => void): CinnabarError {
  try {
    act();
  } catch (error) {
    if (error instanceof CinnabarError) return error;
  }
  throw new Error('expected a CinnabarError');
}
