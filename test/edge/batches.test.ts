import { beforeAll, describe, expect, it } from 'vitest';
import { runWork } from '../../src/domain/seals/run-work.ts';
import { bodyOf, type Edge, enrolled, startEdge } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';

const head = 'picture,seal,currency,amountMinor,reference';

/** A form as a browser sends it: one part a picture, all under one name. */
async function submit(edge: Edge, manifest: string | File, files: Record<string, Uint8Array>) {
  const form = new FormData();
  form.set('title', '早批');
  form.set('manifest', manifest);
  for (const [name, bytes] of Object.entries(files)) {
    form.append('pictures', new File([bytes.slice()], name));
  }
  return edge.app.request('http://localhost/v1/seal-batches', {
    method: 'POST',
    headers: { authorization: `Bearer ${await edge.tokenOf('teller-zhou')}` },
    body: form,
  });
}

describe('B9: batches over HTTP', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge();
    await enrolled(edge, ringWithCross);
  });

  it('takes a manifest with its pictures, works in the background, reports each voucher', async () => {
    const manifest = `${head}\r\na.png,S-1,CNY,100,甲\r\nb.png,S-1,CNY,200,"乙, 二"\r\n`;
    const response = await submit(edge, manifest, {
      'a.png': ringWithCross,
      'b.png': ringWithSquare,
    });
    expect(response.status).toBe(202);
    const job = await bodyOf(response);
    expect(job).toMatchObject({ state: 'running', title: '早批', total: 2, done: 0 });
    expect(response.headers.get('location')).toBe(`/v1/jobs/${job.id}`);
    for (const message of edge.queue()) expect(await runWork(edge.deps, message)).toBe(true);
    const done = await bodyOf(await edge.call(`/v1/jobs/${job.id}`, { as: 'auditor-gao' }));
    expect(done).toMatchObject({ state: 'done', done: 2, failed: 0 });
    const list = await bodyOf(await edge.call(`/v1/jobs/${job.id}/vouchers`));
    const items = list.items as { id: string }[];
    expect(items).toMatchObject([
      { position: 1, reference: '甲', verdict: 'pass', verificationId: items[0]?.id },
      { position: 2, reference: '乙, 二', verdict: 'fail', verificationId: items[1]?.id },
    ]);
    const one = await edge.call(`/v1/seal-verifications/${items[0]?.id}`);
    expect(await bodyOf(one)).toMatchObject({ verdict: 'pass', requestedBy: 'teller-zhou' });
    for (const path of [`/v1/jobs/${job.id}`, `/v1/jobs/${job.id}/vouchers`]) {
      expect((await edge.call(path, { as: 'teller-wu' })).status).toBe(404);
    }
    expect(await bodyOf(await edge.call('/v1/jobs', { as: 'teller-wu' }))).toMatchObject({
      items: [],
    });
  });

  it.each([
    ['no rows', head, '/body/manifest', 'required'],
    ['an open quote', `${head}\n"a,b`, '/body/manifest/1', 'malformed'],
    ['a short row', `${head}\na.png,S-1,CNY,1,\na.png`, '/body/manifest/2', 'malformed'],
    ['a missing column', 'picture,seal\na.png,S-1', '/body/manifest/0/currency', 'required'],
    ['an unknown column', `${head},x\na.png,S-1,CNY,1,,`, '/body/manifest/0/6', 'unknown'],
    ['a missing picture', `${head}\nz.png,S-1,CNY,1,`, '/body/manifest/1/picture', 'not_found'],
    ['a broken amount', `${head}\na.png,S-1,CNY,1.5,`, '/body/manifest/1/amountMinor', 'format'],
    ['an unknown seal', `${head}\na.png,S-9,CNY,1,`, '/body/manifest/1/seal', 'not_found'],
  ])('refuses a manifest with %s and says where', async (_, manifest, pointer, code) => {
    const response = await submit(edge, manifest, { 'a.png': ringWithCross });
    expect(response.status).toBe(400);
    expect(await bodyOf(response)).toMatchObject({
      code: 'invalid_request',
      errors: expect.arrayContaining([{ pointer, code }]),
    });
  });

  it('M1: a manifest of megabytes is refused by its size, one that is wrong all over in few words', async () => {
    const columns = Array.from({ length: 900 }, (_, k) => `c${k}`).join();
    const wide = await submit(edge, columns, { 'a.png': ringWithCross });
    expect(wide.status).toBe(400);
    expect((await bodyOf(wide)).errors).toHaveLength(100);
    // As a part that has a file's name it may come with the size of a picture.
    const long = new File(['"x"', ','.repeat(4_000_000)], 'manifest.csv');
    const refused = await submit(edge, long, { 'a.png': ringWithCross });
    expect(refused.status).toBe(400);
    expect(await bodyOf(refused)).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '/body/manifest', code: 'too_big' }],
    });
  });
});
