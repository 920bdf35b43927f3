import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../src/edge/app.ts';
import {
  contentSecurityPolicy,
  securityHeaders,
} from '../../src/edge/middleware/security-headers.ts';
import { bodyOf, cardDates, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';

describe('every answer', () => {
  it('carries the security headers and a request id of its own', async () => {
    const edge = await startEdge();
    const ids = new Set<string | null>();
    for (const [path, as] of [
      ['/healthz', null],
      ['/docs', null],
      ['/v1/seals', 'teller-zhou'],
      ['/v1/seals', null],
      ['/v1/nothing', null],
      ['/v1/seals?limit=x', 'teller-zhou'],
    ] as const) {
      const { headers } = await edge.call(path, {
        as,
        headers: { 'x-request-id': 'chosen-by-the-caller' },
      });
      expect(headers.get('content-security-policy'), path).toBe(contentSecurityPolicy);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('access-control-allow-origin')).toBeNull();
      ids.add(headers.get('x-request-id'));
    }
    expect(ids.size).toBe(6);
    expect(ids).not.toContain('chosen-by-the-caller');
  });

  it('has the headers that static files have', () => {
    const file = new URL('../../src/console/public/_headers', import.meta.url);
    const [, everywhere = ''] = readFileSync(file, 'utf8').split('/*\n');
    const lines = (everywhere.split(/\n(?=\S)/)[0] ?? '').trim().split('\n');
    const headers = lines.map((line) => line.trim().split(/:\s(.*)/s));
    const found = Object.fromEntries(
      headers.map(([name = '', value]) => [name.toLowerCase(), value]),
    );
    expect(found).toMatchObject(securityHeaders);
  });

  it('allows no script but ours, no frame and no eval but that of WebAssembly', () => {
    expect(contentSecurityPolicy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    expect(contentSecurityPolicy).toContain("frame-ancestors 'none'");
    expect(contentSecurityPolicy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*|https?:/);
  });
});

describe('nothing that a caller sent', () => {
  const marker = 'MARKER-5d1c';

  it('comes back in an error, and none of it reaches the log or the counters', async () => {
    const edge = await startEdge();
    const text = `${marker}<script>`;
    const answers: string[] = [];
    const send = async (path: string, call: Parameters<typeof edge.call>[1] = {}) => {
      const response = await edge.call(path, call);
      expect(response.status, path).toBeGreaterThanOrEqual(400);
      answers.push(JSON.stringify([...response.headers]), await response.text());
    };
    const picture = new TextEncoder().encode(marker);
    await send(`/v1/${marker}`);
    await send(`/v1/seals/${marker}`);
    await send(`/v1/seals?${marker}=${marker}`);
    await send(`/v1/seals?cursor=${marker}`);
    await send('/v1/seals/accounts', { json: { [marker]: text, number: text, name: `${text}\n` } });
    await send('/v1/seals/accounts', {
      headers: { 'content-type': 'application/json' },
      body: `{"${marker}"`,
    });
    await send('/v1/seals', { headers: { 'content-type': marker }, body: marker });
    await send('/v1/seals', { form: { [marker]: marker, cardId: marker, imprint: picture } });
    await send('/v1/seals', { as: null, headers: { authorization: `Bearer ${marker}` } });
    await send('/v1/seals/accounts', {
      json: { number: '1', name: 'n', contact: 'c' },
      headers: { 'idempotency-key': `${marker} ${marker}` },
    });
    await send('/v1/demo/token', { json: { identity: marker.toLowerCase() } });
    await send(`/v1/seals/${marker}`, { method: 'DELETE' });

    expect(answers.join('\n').toLowerCase()).not.toContain(marker.toLowerCase());
    const metrics = await (await edge.call('/metrics')).text();
    expect(`${metrics}${JSON.stringify(edge.log)}`.toLowerCase()).not.toContain(
      marker.toLowerCase(),
    );
  });

  it('of a success is in the log, the counters, the audit log or, in the clear, the objects', async () => {
    const puts: Uint8Array[] = [];
    const edge = await startEdge((deps) => ({
      objects: {
        ...deps.objects,
        put: async (objectKey, bytes) => {
          puts.push(bytes);
          await deps.objects.put(objectKey, bytes);
        },
      },
    }));
    const opened = await edge.call('/v1/seals/accounts', {
      json: { number: `${marker}-1`, name: marker, contact: marker },
    });
    const { id: accountId } = await bodyOf(opened);
    const filed = await edge.call('/v1/seals/cards', {
      form: {
        accountId: String(accountId),
        number: `${marker}-2`,
        ...cardDates,
        image: ringWithCross,
      },
    });
    const { id: cardId } = await bodyOf(filed);
    const enrolment = await edge.call('/v1/seals', {
      form: {
        cardId: String(cardId),
        serial: `${marker}-3`,
        remark: marker,
        shape: 'round',
        imprint: ringWithCross,
      },
    });
    const { id: sealId } = await bodyOf(enrolment);
    const checked = await edge.call('/v1/seal-verifications', {
      form: verificationForm(String(sealId), ringWithSquare),
    });
    expect(checked.status).toBe(201);
    expect((await edge.call(`/v1/seals/accounts?q=${marker}`)).status).toBe(200);

    const audit = await (await edge.call('/v1/audit?limit=100', { as: 'auditor-gao' })).text();
    const metrics = await (await edge.call('/metrics')).text();
    const written = `${audit}${metrics}${JSON.stringify(edge.log)}`;
    expect(written).not.toContain(marker);
    for (const name of ['周敏', 'Zhou Min']) expect(written).not.toContain(name);
    expect(puts.length).toBeGreaterThan(2);
    const pictureHead = Buffer.from(ringWithCross.subarray(0, 24));
    const template = edge.deps.engine.enrol(
      edge.deps.engine.decode(ringWithCross, { pixelsMax: 1_000_000 }),
      'grid',
    );
    const templatePart = Buffer.from(template.subarray(60, 80));
    for (const bytes of puts) {
      expect(Buffer.from(bytes).includes(pictureHead)).toBe(false);
      expect(Buffer.from(bytes).includes(templatePart)).toBe(false);
    }
  });
});

describe('the log', () => {
  it('has one line per request, with the pattern of the route and never the URL', async () => {
    const edge = await startEdge();
    const { sealId } = await enrolled(edge, ringWithCross);
    edge.log.length = 0;
    const response = await edge.call(`/v1/seals/${sealId}?x=1`);
    expect(edge.log).toEqual([
      {
        event: 'request',
        requestId: response.headers.get('x-request-id'),
        method: 'GET',
        route: '/v1/seals/{id}',
        status: 200,
        ms: expect.any(Number),
        actor: 'teller-zhou',
        tenant: 'beichen-bank',
      },
    ]);
    await edge.call('/v1/nothing', { as: null });
    expect(edge.log.at(-1)).toMatchObject({ route: 'none', status: 404, code: 'not_found' });
  });
});

describe('the audit log', () => {
  it('says who did what with which outcome, to auditors and administrators', async () => {
    const edge = await startEdge();
    const { accountId, sealId } = await enrolled(edge, ringWithCross);
    await edge.call('/v1/seal-verifications', { form: verificationForm(sealId, ringWithSquare) });
    await edge.call(`/v1/seals/${sealId}/picture`, { as: 'reviewer-he' });
    const page = await bodyOf(await edge.call('/v1/audit?limit=100', { as: 'auditor-gao' }));
    const items = (page.items as Record<string, unknown>[]).reverse();
    expect(items.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'account.open intended',
      'account.open done',
      'card.add intended',
      'card.add done',
      'seal.enrol intended',
      'seal.enrol done',
      'seal.verify intended',
      'seal.verify done',
      'imprint.view done',
    ]);
    expect(items[0]).toMatchObject({
      index: 0,
      tenant: 'beichen-bank',
      actor: 'teller-zhou',
      subject: `account:${accountId}`,
    });
    expect(items[7]).toMatchObject({ detail: { seal: sealId, verdict: 'fail', match: false } });
    expect(items[8]).toMatchObject({ actor: 'reviewer-he', subject: `seal:${sealId}` });
    for (const [index, item] of items.slice(1).entries()) {
      expect(item.previousHash).toBe(items[index]?.hash);
    }
    const older = await bodyOf(
      await edge.call('/v1/audit?limit=2&cursor=2', { as: 'auditor-gao' }),
    );
    expect(older).toMatchObject({ items: [{ index: 1 }, { index: 0 }], nextCursor: null });
  });

  it('B4: has the refusal of an inactive card', async () => {
    const edge = await startEdge();
    const dates = { startDate: '2020-01-01', endDate: '2020-12-31' };
    const { sealId } = await enrolled(edge, ringWithCross, dates);
    await edge.call('/v1/seal-verifications', { form: verificationForm(sealId, ringWithCross) });
    const [last] = await edge.deps.audit.list('beichen-bank', { limit: 1 });
    expect(last).toMatchObject({
      action: 'seal.verify',
      subject: `seal:${sealId}`,
      outcome: 'refused',
      detail: { code: 'seal_card_inactive' },
    });
  });
});

describe('operation', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('says that it lives without asking anything', async () => {
    const edge = await startEdge(() => ({
      checks: {
        database: async () => {
          throw new Error('down');
        },
      },
    }));
    const response = await edge.call('/healthz', { as: null });
    expect(response.status).toBe(200);
    expect(await bodyOf(response)).toEqual({ status: 'ok' });
  });

  it('says which binding is down or does not answer', async () => {
    const fine = await startEdge(() => ({ checks: { database: async () => undefined } }));
    const ready = await fine.call('/readyz', { as: null });
    expect(ready.status).toBe(200);
    expect(await bodyOf(ready)).toEqual({ status: 'ready', checks: { database: 'ok' } });

    const edge = await startEdge(() => ({
      checks: {
        database: async () => undefined,
        objects: async () => {
          throw new Error('SECRET');
        },
        chips: () => new Promise<void>(() => undefined),
      },
    }));
    const asked = edge.call('/readyz', { as: null });
    await vi.advanceTimersByTimeAsync(2000);
    const response = await asked;
    expect(response.status).toBe(503);
    expect(await bodyOf(response)).toEqual({
      status: 'unavailable',
      checks: { database: 'ok', objects: 'failed', chips: 'failed' },
    });
  });

  it('counts requests by route pattern, for Prometheus', async () => {
    const edge = await startEdge();
    await edge.call('/v1/seals');
    await edge.call('/v1/seals');
    await edge.call('/v1/nothing');
    for (let i = 0; i < 50; i++) await edge.call(`/v1/${i}`, { as: null, method: `METHOD${i}` });
    const response = await edge.call('/metrics', { as: null });
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    const name = 'cinnabar_isolate_request_duration_seconds';
    expect(text).toContain(`# TYPE ${name} histogram`);
    expect(text).toContain(`${name}_count{method="GET",route="/v1/seals",status="200"} 2`);
    expect(text).toContain(`${name}_count{method="GET",route="none",status="404"} 1`);
    expect(text).toMatch(/_bucket\{[^}]*route="\/v1\/seals"[^}]*le="\+Inf"\} 2/);
    expect(text).toContain(`${name}_count{method="other",route="none",status="404"} 50`);
    expect(text.endsWith('\n')).toBe(true);
  });

  it("shows the operator's notice", async () => {
    const notice = { zh: '今晚维护', en: 'Maintenance tonight' };
    const edge = await startEdge(() => ({ notices: { current: async () => notice } }));
    expect(await bodyOf(await edge.call('/v1/notice', { as: 'customer-chen' }))).toEqual({
      notice,
    });
    const quiet = await startEdge();
    expect(await bodyOf(await quiet.call('/v1/notice'))).toEqual({ notice: null });
  });
});

describe('demo mode', () => {
  it('lets anyone on this machine become a sample person', async () => {
    const edge = await startEdge();
    const { identities } = await bodyOf(await edge.call('/v1/demo/identities', { as: null }));
    const people = identities as { id: string; role: string; institution: { id: string } }[];
    expect(new Set(people.map(({ role }) => role)).size).toBe(8);
    expect(new Set(people.map(({ institution }) => institution.id)).size).toBe(2);
    const response = await edge.call('/v1/demo/token', {
      as: null,
      json: { identity: 'auditor-gao' },
    });
    const { token, tokenType, identity } = await bodyOf(response);
    expect([response.status, tokenType]).toEqual([200, 'Bearer']);
    expect(identity).toMatchObject({ id: 'auditor-gao', role: 'auditor' });
    const audit = await edge.call('/v1/audit', {
      as: null,
      headers: { authorization: `Bearer ${token}` },
    });
    expect(audit.status).toBe(200);
  });

  it('is refused from anywhere but this machine', async () => {
    const edge = await startEdge();
    for (const [host, status] of [
      ['localhost:8787', 200],
      ['127.0.0.1', 200],
      ['[::1]:80', 200],
      ['192.0.2.1', 404],
      ['cinnabar.example', 404],
      ['localhost.example', 404],
    ] as const) {
      const response = await edge.app.request(`http://${host}/v1/demo/identities`);
      expect(response.status, host).toBe(status);
    }
  });

  it('is not reached by a page whose own host name was pointed at this machine', async () => {
    const edge = await startEdge();
    for (const [origin, status] of [
      ['http://localhost:8787', 200],
      ['http://[::1]:8787', 200],
      ['http://rebound.example:8787', 404],
      ['http://localhost@rebound.example', 404],
      ['null', 404],
    ] as const) {
      const response = await edge.call('/v1/demo/token', {
        as: null,
        json: { identity: 'teller-zhou' },
        headers: { origin },
      });
      expect(response.status, origin).toBe(status);
    }
  });

  it('does not exist otherwise', async () => {
    const edge = await startEdge();
    const { demo: _gone, ...deps } = edge.deps;
    const app = createApp(deps);
    for (const [path, method] of [
      ['/v1/demo/identities', 'GET'],
      ['/v1/demo/token', 'POST'],
    ] as const) {
      const response = await app.request(`http://localhost${path}`, { method });
      expect(response.status).toBe(404);
    }
    const document = await (await app.request('http://localhost/openapi.json')).text();
    expect(document).not.toContain('/v1/demo/');
  });
});
